import type { Tool } from './tools.ts';

/** What a tool did when it was run once. */
export interface Attempt {
  readonly name: string;
  readonly exit: number;
  /** The first line that it printed, to either stream. */
  readonly says: string;
}

/** What the shell that ran the tools was allowed. */
export interface Rights {
  readonly uid: number;
  /** The capability sets of /proc/self/status, hexadecimal: effective, permitted and bounding. */
  readonly capabilities: readonly string[];
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A shell script that runs each tool once, without input and for so many seconds at most.
 * Its output is for `parseAttempts`. `timeout` runs the file of a name, never the shell's builtin.
 */
export function tryScript(tools: readonly Tool[], limit: number): string {
  return [
    'echo "uid $(id -u)"',
    "sed -n 's/^Cap\\(Eff\\|Prm\\|Bnd\\):[[:space:]]*/cap /p' /proc/self/status",
    'try() {',
    // A command substitution drops the zero bytes that no line of text has.
    `  says=$(timeout ${limit} "$@" </dev/null 2>&1)`,
    '  printf \'ran %s %s %s\\n\' "$1" $? "$(printf \'%s\\n\' "$says" | grep -m1 . || :)"',
    '}',
    'cd /tmp',
    ...tools.map((tool) => `try ${[tool.name, ...tool.tryArgs].map(quote).join(' ')}`),
    '',
  ].join('\n');
}

/** @param output of the script */
export function parseAttempts(output: string): { rights: Rights; attempts: readonly Attempt[] } {
  const rows = (pattern: RegExp) => Array.from(output.matchAll(pattern));
  return {
    rights: {
      uid: Number(rows(/^uid (\d+)$/gm)[0]?.[1]),
      capabilities: rows(/^cap (\S+)$/gm).map((match) => match[1] ?? ''),
    },
    attempts: rows(/^ran (\S+) (\d+) (.*)$/gm).map(([, name = '', exit, says = '']) => ({
      name,
      exit: Number(exit),
      says: says.trim(),
    })),
  };
}

/**
 * @returns one sentence for each tool that did not end as its line in tools.list says, for the user that ran it
 */
export function failedAttempts(tools: readonly Tool[], output: string): readonly string[] {
  const { rights, attempts } = parseAttempts(output);
  const byName = new Map(attempts.map((one) => [one.name, one]));
  return tools.flatMap((tool) => {
    const attempt = byName.get(tool.name);
    if (attempt === undefined) return [`${tool.name} was not run`];
    const expected = rights.uid === 0 ? tool.tryExit.root : tool.tryExit.other;
    if (attempt.exit === expected) return [];
    return [`${tool.name} ended with ${attempt.exit} instead of ${expected}: ${attempt.says}`];
  });
}
