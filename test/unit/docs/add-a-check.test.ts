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
import { afterAll, describe, expect, it } from 'vitest';
import { findViolations } from '../../../scripts/lib/import-rules.ts';
import { root } from '../../../scripts/lib/process.ts';
import { attempt } from '../../cluster/proc.ts';

/** What the generated files are made of, and what the example's test imports. */
const COPIED = [
  'src',
  'scripts',
  'docs',
  'image',
  'plugin-manifest',
  'test/kernels/kernels.ts',
  'test/unit/checks/results.ts',
];
const GENERATED = [
  'docs/commands.md',
  'docs/config.md',
  'docs/findings.md',
  'src/checks/about.ts',
  'src/checks/preparations.ts',
  'src/checks/registry.ts',
];

const blocks = [
  ...readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/```ts\n\/\/ (\S*ttl\S*)\n(.*?)```/gs),
].map(([, file = '', text = '']) => ({ file, text }));
const own = blocks.map(({ file }) => file);

const copy = mkdtempSync(path.join(os.tmpdir(), 'nettools-add-a-check-'));
for (const part of COPIED) cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
for (const entry of readdirSync(root, { withFileTypes: true }))
  if (entry.isFile()) cpSync(path.join(root, entry.name), path.join(copy, entry.name));
symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
for (const { file, text } of blocks) {
  mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
  writeFileSync(path.join(copy, file), text);
}
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const inCopy = (...argv: string[]) =>
  attempt([
    'env',
    '-C',
    copy,
    `PATH=${path.join(copy, 'node_modules/.bin')}:${process.env['PATH']}`,
    ...argv,
  ]);

/** The text of every file of the copy. */
function textOf(): Map<string, string> {
  const files = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(copy, path.join(entry.parentPath, entry.name)));
  return new Map(files.map((file) => [file, readFileSync(path.join(copy, file), 'latin1')]));
}

it('is whole', () => {
  expect([...own].sort()).toEqual([
    'src/checks/ttl/about.ts',
    'src/checks/ttl/check.ts',
    'src/checks/ttl/facts.ts',
    'src/checks/ttl/plan.ts',
    'src/checks/ttl/prepare.ts',
    'src/checks/ttl/rules/low-ttl.ts',
    'test/unit/checks/ttl/judge.test.ts',
  ]);
});

it('changes nothing but what is generated', async () => {
  const before = textOf();
  expect(await inCopy('node', 'scripts/generate.ts')).toMatchObject({ code: 0 });
  const after = textOf();
  expect([...after.keys()].filter((file) => before.get(file) !== after.get(file)).sort()).toEqual(GENERATED);
  expect(after.get('docs/commands.md')).toContain('kubectl nettools ttl TARGET');
  expect(after.get('docs/config.md')).toContain('`thresholds.leastTtl`');
});

// "npm run check" holds the whole tree to its rules; here it is the example, what lists it, and what they reach.
it('passes the checks', async () => {
  const files = [...own, ...GENERATED.filter((file) => file.endsWith('.ts'))];
  const violations = files
    .filter((file) => file.startsWith('src/'))
    .flatMap((file) => findViolations(file, readFileSync(path.join(copy, file), 'utf8')));
  expect(violations).toEqual([]);
  const project = { extends: './tsconfig.json', include: [], files };
  writeFileSync(path.join(copy, 'tsconfig.example.json'), JSON.stringify(project));
  for (const argv of [
    ['biome', 'check', '--error-on-warnings', ...files],
    ['tsc', '-p', 'tsconfig.example.json'],
  ]) {
    const { code, stdout, stderr } = await inCopy(...argv);
    expect(code, `${argv.join(' ')}: ${stdout}${stderr}`).toBe(0);
  }
});

describe('passes its own tests', async () => {
  await import(path.join(copy, 'test/unit/checks/ttl/judge.test.ts'));
});
