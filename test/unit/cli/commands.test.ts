import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands.ts';
import { globalFlags } from '../../../src/cli/flags/connection.ts';
import { parse } from '../../../src/cli/parse.ts';

describe('every command', () => {
  const flags = [...globalFlags, ...commands.flatMap((command) => command.flags)];

  it('gives a flag one meaning, whichever command has it', () => {
    // The command line is cut into words before the command is known.
    for (const flag of flags) {
      const same = flags.filter(({ name, short }) => name === flag.name || (short && short === flag.short));
      expect(new Set(same.map(({ kind, name, short }) => `${kind} ${name} ${short}`)).size, flag.name).toBe(
        1,
      );
    }
  });

  it('has no flag twice', () => {
    for (const { name, flags } of commands) {
      const names = [...flags, ...globalFlags].map((flag) => flag.name);
      expect(new Set(names).size, name).toBe(names.length);
    }
  });

  it.each(commands)('$name: its examples are well-formed', async ({ name, examples }) => {
    const called: string[] = [];
    for (const { line } of examples) {
      // What a pipe leads to is another program's.
      const [own = ''] = line.split(' | ');
      called.push((await parse(own.split(' '))).command.name);
    }
    expect(called).toContain(name);
  });
});
