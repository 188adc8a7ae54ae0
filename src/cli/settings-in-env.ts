import type { Flag, SettingFlag } from '../model/flag.ts';
import type { SetValue } from './values.ts';

const PREFIX = 'KUBECTL_NETTOOLS_';

/** Whether a flag can be set outside of the command line. */
export function isSetting(flag: Flag): flag is SettingFlag {
  return flag.kind === 'text' && flag.setting !== undefined;
}

/** The environment's name of a setting. */
export function variableOf({ name }: SettingFlag): string {
  return `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * What the environment sets, by the flag's name.
 * @param flags asked for where something may be set: to go through the flags of all commands takes a start half a millisecond
 */
export function settingsInEnv(
  flags: () => readonly SettingFlag[],
  env: NodeJS.ProcessEnv,
): Map<string, SetValue> {
  const set = new Map<string, SetValue>();
  if (!Object.keys(env).some((name) => name.toUpperCase().startsWith(PREFIX))) return set;
  for (const flag of flags()) {
    const name = variableOf(flag);
    const text = env[name] ?? '';
    if (text !== '') set.set(flag.name, { text, from: name, name });
  }
  return set;
}
