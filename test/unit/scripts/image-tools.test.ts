import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { architectures, lockFile, parseLock } from '../../../scripts/image/lock.ts';
import { imageTargets, packagesOf, parseTools, readTools } from '../../../scripts/image/tools.ts';
import { failedAttempts, tryScript } from '../../../scripts/image/try-tools.ts';

describe('tools.list', () => {
  it('has tools under headings, the last column with its pipes', () => {
    expect(
      parseTools(
        '# head\n\n## Sockets\nss | slim | iproute2 | -V | sockets | ss -tan | wc -l\ncat | full | coreutils\n',
      ),
    ).toEqual([
      {
        title: 'Sockets',
        tools: [
          {
            name: 'ss',
            image: 'slim',
            package: 'iproute2',
            tryArgs: ['-V'],
            tryExit: { root: 0, other: 0 },
            shows: 'sockets',
            use: 'ss -tan | wc -l',
          },
          {
            name: 'cat',
            image: 'full',
            package: 'coreutils',
            tryArgs: ['--version'],
            tryExit: { root: 0, other: 0 },
          },
        ],
      },
    ]);
  });

  it.each([
    ['=> 2', [], { root: 2, other: 2 }],
    ['-h => 1/129', ['-h'], { root: 1, other: 129 }],
    ['-c true', ['-c', 'true'], { root: 0, other: 0 }],
  ])('a try "%s"', (attempt, tryArgs, tryExit) => {
    expect(parseTools(`## A\nx | full | y | ${attempt}\n`)[0]?.tools[0]).toMatchObject({ tryArgs, tryExit });
  });

  it.each([
    ['a tool before any heading', 'ss | slim | iproute2'],
    ['an image that is none', '## A\nss | slimmer | iproute2'],
    ['no package', '## A\nss | slim'],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseTools(text)).toThrow(/^tools\.list:\d: not a tool under a heading: ss/);
  });

  it('names each tool once', () => {
    const names = readTools().flatMap((group) => group.tools.map((tool) => tool.name));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe.each(architectures)('the locks for %s', (architecture) => {
  const lock = (image: (typeof imageTargets)[number]) =>
    parseLock(readFileSync(lockFile(image, architecture), 'utf8'));

  it.each(imageTargets)(
    'have every package that tools.list asks for in %s, and what every Debian has',
    (image) => {
      const locked = new Set(lock(image).map((one) => one.name));
      const wanted = [...packagesOf(readTools(), image), 'apt', 'base-files', 'dpkg', 'libc6'];
      expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
    },
  );

  it('have the same file of a package in both images', () => {
    const full = new Map(lock('full').map((one) => [one.name, one]));
    expect(lock('slim').filter((one) => full.get(one.name)?.sha256 !== one.sha256)).toEqual([]);
  });
});

describe('running tools', () => {
  const tools = parseTools("## A\na | slim | p | -c it's\nb | slim | p | => 1/2\n")[0]?.tools ?? [];

  it('quotes arguments for the shell', () => {
    expect(tryScript(tools, 20)).toContain("\ntry 'a' '-c' 'it'\\''s'\n");
  });

  it('tells what did not end as it should, for the user that ran it', () => {
    const output = (uid: number) => `uid ${uid}\ncap 00\nran a 127 not found\nran b 1 usage: b\n`;
    const first = 'a ended with 127 instead of 0: not found';
    expect(failedAttempts(tools, output(0))).toEqual([first]);
    expect(failedAttempts(tools, output(7))).toEqual([first, 'b ended with 1 instead of 2: usage: b']);
    expect(failedAttempts(tools, 'uid 0\n')).toEqual(['a was not run', 'b was not run']);
  });
});
