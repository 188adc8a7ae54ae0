import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands.ts';
import { globalFlags } from '../../../src/cli/flags/connection.ts';
import { parse } from '../../../src/cli/parse.ts';

/** Flags of capture alone whose letters are tcpdump's, whatever they mean elsewhere. */
const tcpdumpLetters: ReadonlySet<string> = new Set(['interface', 'snaplen', 'write']);

describe('every command', () => {
  const flags = [...globalFlags, ...commands.flatMap((command) => command.flags)];

  it('gives a flag one meaning, whichever command has it', () => {
    // The command line is cut into words before the command is known.
    const shared = flags.filter((flag) => !tcpdumpLetters.has(flag.name));
    for (const flag of shared) {
      const same = shared.filter(({ name, short }) => name === flag.name || (short && short === flag.short));
      expect(new Set(same.map(({ kind, name, short }) => `${kind} ${name} ${short}`)).size, flag.name).toBe(
        1,
      );
    }
  });

  it('has no letter twice', () => {
    for (const { name, flags } of commands) {
      const letters = flags.flatMap(({ short }) => (short === undefined ? [] : [short]));
      expect(new Set(letters).size, name).toBe(letters.length);
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
