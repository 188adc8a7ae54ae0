import { describe, expect, it } from 'vitest';
import { plainWords } from '../../../src/cli/cut-words.ts';
import { splitWords } from '../../../src/cli/words.ts';

/** Flags as `name=value`, words and unknown parts as they are. */
function show(argv: string[]): string[] {
  return splitWords(argv).parts.map((part) =>
    part.kind === 'flag' ? `${part.flag.name}=${part.value}` : `${part.kind} ${part.text}`,
  );
}

describe('splitWords', () => {
  it.each([
    [['--namespace', 'x'], ['namespace=x']],
    [['--namespace=x=y'], ['namespace=x=y']],
    [['--namespace='], ['namespace=']],
    [['-n', 'x'], ['namespace=x']],
    [['-nx'], ['namespace=x']],
    [['-n=x'], ['namespace=x']],
    [
      ['-in', 'x'],
      ['stdin=undefined', 'namespace=x'],
    ],
    [['-inx'], ['stdin=undefined', 'namespace=x']],
    [['-i=false'], ['stdin=false']],
    [
      ['--stdin', 'false'],
      ['stdin=undefined', 'word false'],
    ],
    [['-vv'], ['v=undefined', 'v=undefined']],
    [['-v=3'], ['v=3']],
    [['-v3'], ['v=3']],
    [
      ['-v', '6', 'web'],
      ['v=6', 'word web'],
    ],
    [
      ['-v', 'web'],
      ['v=undefined', 'word web'],
    ],
    [['--v=6'], ['v=6']],
  ])('reads flags as kubectl does: %j', (argv, parts) => {
    expect(show(argv)).toEqual(parts);
  });

  it('takes the word after a flag for its value whatever it looks like', () => {
    expect(show(['-l', '--to', '-n', '-x'])).toEqual(['selector=--to', 'namespace=-x']);
  });

  it('leaves a flag at the end of the line without a value', () => {
    expect(show(['latency', '--to'])).toEqual(['word latency', 'to=undefined']);
  });

  it('keeps what no command knows', () => {
    expect(show(['--nope=1', '-ix', '-'])).toEqual([
      'unknown --nope=1',
      'stdin=undefined',
      'unknown -x',
      'word -',
    ]);
  });

  it('passes on what follows -- unchanged', () => {
    const { parts, rest } = splitWords(['run', 'web', '--', '--', '-n', '', 'a b', '--help']);
    expect(parts).toHaveLength(2);
    expect(rest).toEqual(['--', '-n', '', 'a b', '--help']);
    expect(splitWords(['run', 'web', '--']).rest).toEqual([]);
    expect(splitWords(['run', 'web']).rest).toBeUndefined();
  });

  it('gives capture the letters of tcpdump, wherever they stand after it', () => {
    expect(show(['capture', '-i', 'eth0', '-s96', 'web', '-w', '-'])).toEqual([
      'word capture',
      'interface=eth0',
      'snaplen=96',
      'word web',
      'write=-',
    ]);
    expect(show(['-n', 'x', 'capture', 'web', '-i=lo'])).toContain('interface=lo');
    expect(show(['run', 'web', '-i', '-s', 'https://x'])).toContain('server=https://x');
  });

  it('tells words from flags', () => {
    expect(plainWords(splitWords(['-n', 'x', 'latency', '--to', 'a', 'web', '-v']))).toEqual([
      'latency',
      'web',
    ]);
  });
});
