import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Names a file to use instead of the usual one; it must exist. */
const variable = 'KUBECTL_NETTOOLS_CONFIG';

/** Where the configuration file is, and whether the user said so. */
export interface ConfigPath {
  readonly file: string;
  readonly isGiven: boolean;
}

/** KUBECTL_NETTOOLS_CONFIG, else a file in XDG_CONFIG_HOME, which is ~/.config unless it is set. */
export function configPath(env: NodeJS.ProcessEnv = process.env): ConfigPath {
  const given = env[variable] ?? '';
  if (given !== '') return { file: given, isGiven: true };
  const folder = env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return { file: join(folder, 'kubectl-nettools', 'config.yaml'), isGiven: false };
}

/** Whether there is one, or has to be. */
export function hasConfigFile(env: NodeJS.ProcessEnv): boolean {
  const { file, isGiven } = configPath(env);
  return isGiven || existsSync(file);
}
