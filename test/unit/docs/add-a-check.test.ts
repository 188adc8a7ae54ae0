/** The example of CONTRIBUTING.md is a check that works, and adding it touches its own folder alone. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../../scripts/lib/process.ts';
import { attempt } from '../../cluster/proc.ts';

const COPIED = ['src', 'scripts', 'test', 'docs', 'image', 'plugin-manifest'];
const GENERATED = [
  'docs/commands.md',
  'docs/config.md',
  'docs/findings.md',
  'src/checks/about.ts',
  'src/checks/preparations.ts',
  'src/checks/registry.ts',
];

const copy = mkdtempSync(path.join(os.tmpdir(), 'nettools-add-a-check-'));
const blocks = [
  ...readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/```ts\n\/\/ (\S*ttl\S*)\n(.*?)```/gs),
].map(([, file = '', text = '']) => ({ file, text }));

const inCopy = (...argv: string[]) =>
  attempt([
    'env',
    '-C',
    copy,
    `PATH=${path.join(copy, 'node_modules/.bin')}:${process.env['PATH']}`,
    ...argv,
  ]);

/** The text of every file that is not the example's own. */
function textOf(folder: string): Map<string, string> {
  const files = COPIED.flatMap((top) =>
    readdirSync(path.join(folder, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))),
  );
  return new Map(files.map((file) => [file, readFileSync(path.join(folder, file), 'latin1')]));
}

beforeAll(() => {
  const isState = (source: string): boolean => source.startsWith(path.join(root, 'test/cluster/.state'));
  for (const top of COPIED)
    cpSync(path.join(root, top), path.join(copy, top), {
      recursive: true,
      filter: (source) => !isState(source),
    });
  for (const entry of readdirSync(root, { withFileTypes: true }))
    if (entry.isFile()) cpSync(path.join(root, entry.name), path.join(copy, entry.name));
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  for (const { file, text } of blocks) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    writeFileSync(path.join(copy, file), text);
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

it('is whole', () => {
  expect(blocks.map(({ file }) => file).sort()).toEqual([
    'src/checks/ttl/about.ts',
    'src/checks/ttl/check.ts',
    'src/checks/ttl/facts.ts',
    'src/checks/ttl/plan.ts',
    'src/checks/ttl/prepare.ts',
    'src/checks/ttl/rules/low-ttl.ts',
    'test/unit/checks/ttl/judge.test.ts',
  ]);
});

it('changes nothing but what is generated, and passes the checks and its own tests', async () => {
  const before = textOf(copy);
  expect(await inCopy('node', 'scripts/generate.ts')).toMatchObject({ code: 0 });
  const after = textOf(copy);
  expect([...after.keys()].filter((file) => before.get(file) !== after.get(file)).sort()).toEqual(GENERATED);
  expect(after.get('docs/commands.md')).toContain('kubectl nettools ttl TARGET');
  expect(after.get('docs/config.md')).toContain('`thresholds.leastTtl`');
  for (const argv of [
    ['tsc'],
    ['biome', 'check', '--error-on-warnings', 'src/checks'],
    ['node', 'scripts/check-imports.ts'],
    ['vitest', 'run', '--project', 'unit', 'test/unit/checks/ttl'],
  ]) {
    const { code, stdout, stderr } = await inCopy(...argv);
    expect(code, `${argv.join(' ')}: ${stdout}${stderr}`).toBe(0);
  }
});
