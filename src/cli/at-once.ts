import { versionText } from './version.ts';

/** The help of the whole tool, which the build writes into the binary. */
declare const ROOT_HELP: string;

/**
 * What these words alone print, without the rest of the command line's code, which takes a tenth of such a run to load.
 * @param rootHelp the help of the whole tool
 * @returns undefined when it takes more than this
 */
export function textAtOnce(
  words: readonly string[],
  rootHelp = typeof ROOT_HELP === 'undefined' ? undefined : ROOT_HELP,
): string | undefined {
  if (words.length > 1) return undefined;
  const [word] = words;
  if (word === '--version') return versionText({ output: 'table' });
  return word === undefined || word === '--help' || word === 'help' ? rootHelp : undefined;
}
