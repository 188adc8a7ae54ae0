import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../../src/model/shell-word.ts';

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
