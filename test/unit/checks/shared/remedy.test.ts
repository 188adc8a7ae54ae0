import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../../src/checks/findings.ts';
import { onTarget, shellWord } from '../../../../src/checks/shared/remedy.ts';

describe('shellWord', () => {
  it.each([
    'eth0',
    'a b',
    '$(id)',
    "it's",
    '`id`',
    ';id;',
    '',
    '"$HOME"',
    '*',
    '~',
    '\\',
    '!x',
    '#x',
    'a\nb',
  ])('is %j again to a shell', (word) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
  });

  it.each(['eth0', 'ip', '-6', '198.51.100.0/24', '2001:db8::1', 'eth0.100', 'blue@if7'])(
    'leaves %s bare',
    (word) => {
      expect(shellWord(word)).toBe(word);
    },
  );
});

describe('onTarget', () => {
  it('is one command, whatever its words are', () => {
    expect(onTarget('ip', 'link', 'set', ';reboot;', 'up')).toBe(
      "kubectl nettools run TARGET -- ip link set ';reboot;' up",
    );
  });
});

describe('remedies of the findings', () => {
  it.each(FINDINGS.map(({ id, remedy }) => [id, remedy]))(
    'of %s run on the target what they say',
    (_id, remedy) => {
      // After a bare semicolon the rest would run where it is pasted.
      expect(remedy).not.toMatch(/run TARGET -- (?!sh -c )[^'(),.]*;/);
    },
  );
});
