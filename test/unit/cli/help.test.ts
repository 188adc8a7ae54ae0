import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands.ts';
import { globalFlags } from '../../../src/cli/flags/connection.ts';
import { helpText } from '../../../src/cli/help.ts';

describe('helpText', () => {
  it('names every command', () => {
    for (const { name, summary } of commands) {
      // Those of in-cluster are the others once more.
      const text = helpText(name.startsWith('in-cluster ') ? ['in-cluster'] : []);
      expect(text).toMatch(new RegExp(`^ {2}${name} +${summary.replace(/[.()]/g, '\\$&')}$`, 'm'));
    }
  });

  it.each(commands)('$name: has every flag, examples and the way to call it', ({ name, flags, examples }) => {
    const text = helpText(name.split(' '));
    for (const flag of flags)
      expect(text).toContain(flag.name === flag.short ? `-${flag.name}` : `--${flag.name}`);
    for (const { line } of examples) expect(text).toContain(`  kubectl nettools ${line}\n`);
    expect(text).toContain(`Usage:\n  kubectl nettools ${name} `);
  });

  it('shows the commands below a word', () => {
    expect(helpText(['sessions'])).toContain('sessions stop');
    expect(helpText(['sessions'])).not.toContain('latency');
  });

  it("lists kubectl's flags apart", () => {
    for (const flag of globalFlags) expect(helpText(['options'])).toContain(`-${flag.name}`);
  });

  it('fits a terminal', () => {
    for (const words of [[], ['options'], ...commands.map(({ name }) => name.split(' '))]) {
      for (const line of helpText(words).split('\n')) expect(line.length, line).toBeLessThanOrEqual(114);
    }
  });
});
