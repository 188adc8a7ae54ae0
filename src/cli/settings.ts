import type { ConfigEntry, ConnectionFlags } from '../model/args.ts';
import type { Flag, SettingFlag } from '../model/flag.ts';
import { usageError } from '../model/usage-error.ts';
import { commands } from './commands.ts';
import { configPath, hasConfigFile } from './config-path.ts';
import { isSetting, settingsInEnv } from './settings-in-env.ts';
import { suggest } from './suggest.ts';
import { type SetValue, Values } from './values.ts';

// What a flag that is not given is set to: by the environment, else by the configuration file, there by the section of
// the cluster first. Only commands that have such flags read the file.

const perCluster = 'clusters';

let all: readonly SettingFlag[] | undefined;

/** All settings, in the order in which the commands have them. */
export function settingFlags(): readonly SettingFlag[] {
  // When they are asked for: to go through the flags of all commands takes a start half a millisecond.
  all ??= distinct(commands.flatMap(({ flags }) => flags));
  return all;
}

/** The flags that are settings, each one once. */
function distinct(flags: readonly Flag[]): SettingFlag[] {
  // Most commands have the same ones.
  const settings = [...new Set(flags)].filter(isSetting);
  return [...new Map(settings.map((flag) => [flag.name, flag])).values()];
}

/**
 * What is set, by the flag's name.
 * @param connection says which cluster's section counts; undefined for a target that is in none
 * @throws UserError with exit code 2 for anything in the file that makes no sense, with its line
 */
export async function readSettings(
  connection: ConnectionFlags | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ReadonlyMap<string, SetValue>> {
  return new Map([...(await fromFile(connection, env)), ...settingsInEnv(settingFlags, env)]);
}

async function fromFile(
  connection: ConnectionFlags | undefined,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, SetValue>> {
  if (!hasConfigFile(env)) return new Map();
  const { file } = configPath(env);
  const { readConfigFile, kubeconfigNames } = await import('../commands/config-file.ts');
  const found = readConfigFile(file).flatMap((entry) => settingOf(file, entry));
  const sections = new Set(found.map(({ section }) => section));
  sections.delete(undefined);
  const names = connection === undefined || sections.size === 0 ? [] : kubeconfigNames(connection);
  const own = names.find((name) => sections.has(name));
  return new Map(
    [undefined, ...(own === undefined ? [] : [own])].flatMap((chosen) =>
      found.filter(({ section }) => section === chosen).map(({ flag, value }) => [flag.name, value] as const),
    ),
  );
}

interface FoundValue {
  readonly flag: SettingFlag;
  readonly value: SetValue;
  /** The context or cluster that it is for; undefined: for all. */
  readonly section: string | undefined;
}

/** The value of an entry, unless it only opens a section. */
function settingOf(file: string, { keys, line, kind, text }: ConfigEntry): FoundValue[] {
  const isOfCluster = keys[0] === perCluster;
  if (isOfCluster && keys.length <= 2) {
    if (kind === 'section') return [];
    throw usageError(
      keys.length === 1
        ? `${file}:${line}: ${perCluster} must have a section for each context or cluster`
        : `${file}:${line}: "${keys[1]}" must be a section with settings of that context or cluster`,
    );
  }
  const own = isOfCluster ? keys.slice(2) : keys;
  const key = own.join('.');
  const flag = settingFlags().find(({ setting }) => setting.key === key);
  if (flag === undefined) {
    const isSection = settingFlags().some(({ setting }) => setting.key.startsWith(`${key}.`));
    if (isSection && kind === 'section') return [];
    throw isSection
      ? usageError(`${file}:${line}: ${key} must be a section`)
      : unknownKey(file, line, own, isOfCluster);
  }
  if (kind !== 'value') {
    throw usageError(
      `${file}:${line}: ${key} must be one value, not a ${kind === 'list' ? 'list' : 'section'}`,
    );
  }
  const value = { text, from: `${file}:${line}`, name: `${file}:${line}: ${key}` };
  new Values(new Map(), [], undefined, new Map([[flag.name, value]])).check(flag);
  return [{ flag, value, section: isOfCluster ? keys[1] : undefined }];
}

function unknownKey(file: string, line: number, keys: readonly string[], isOfCluster: boolean): Error {
  const key = keys.join('.');
  const known = [
    ...(isOfCluster ? [] : [perCluster]),
    ...settingFlags().flatMap(({ name, setting }) => [setting.key, name]),
  ];
  const meant = suggest(key, known) ?? suggest(keys.at(-1) ?? '', known.map(lastPart));
  const right = settingFlags().find(({ name, setting }) =>
    [name, setting.key, lastPart(setting.key)].includes(meant ?? ''),
  );
  const hint = right?.setting.key ?? meant;
  return usageError(
    `${file}:${line}: unknown key "${key}"`,
    hint === undefined ? undefined : `Did you mean "${hint}"?`,
  );
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
