/** A resolv.conf that is read in somebody else's root, where it may be anything. Pure. */

/** The keywords of resolv.conf(5). */
const KEYWORD = /^[ \t]*(?:nameserver|search|domain|options|sortlist)[ \t]/;

/**
 * The lines that tell the resolver something; empty where there are none. Who lives there may have laid a link in the
 * file's place that leads to a secret of the machine: nothing of that may come into a command's words or a report.
 */
export function resolverLines(text: string): string {
  const lines = text.split('\n').filter((line) => KEYWORD.test(line));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
