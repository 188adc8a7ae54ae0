import { describe, expect, it } from 'vitest';
import { findCircles } from '../../../scripts/lib/import-circles.ts';
import { findViolations } from '../../../scripts/lib/import-rules.ts';

describe('findViolations', () => {
  it.each([
    ['src/model/report.ts', "import type { A } from './args.ts';"],
    ['src/model/kube-objects.ts', "export type { V1Pod as Pod } from '@kubernetes/client-node';"],
    ['src/checks/mtu/prepare.ts', "import { a } from '../../cluster/services.ts';"],
    ['src/checks/dns/rules/a.ts', "import { a } from '../facts.ts';\nimport { b } from '../../shared/b.ts';"],
    ['src/checks/findings.ts', "import { a } from './dns/check.ts';\nimport { b } from './registry.ts';"],
    ['src/parsers/ping.ts', "import { A } from '../model/evidence.ts';\nexport const at = { Date: 1 }.Date;"],
    [
      'src/checks/rules/a.ts',
      "import type { A } from '../../model/evidence.ts';\nconst fetch = () => 1;\nfetch();",
    ],
    ['src/report/table.ts', "import Table from 'cli-table3';\nimport { dump } from 'js-yaml';"],
    [
      'src/kube/client.ts',
      "import { KubeConfig } from '@kubernetes/client-node';\nimport https from 'node:https';",
    ],
    ['src/exec/stream.ts', "import WebSocket from 'ws';\nimport { A } from '../model/errors.ts';"],
    ['src/cli/run.ts', "const run = async () => (await import('../commands/run.ts')).run;"],
    [
      'src/cli/run.ts',
      "import type { A } from '../console/a.ts';\nimport yargs, { type Argv } from 'yargs';",
    ],
    ['src/commands/run.ts', "import { a } from '../capture/a.ts';\nimport { b } from '../kube/b.ts';"],
  ])('allows %s: %j', (file, text) => {
    expect(findViolations(file, text)).toEqual([]);
  });

  it('takes a module that a comment imports for a type, as JSDoc does: better one too many than a hole', () => {
    const text = "/** @throws {import('../kube/b.ts').B} */\nexport const a = 1;";
    expect(findViolations('src/model/a.ts', text)).toEqual([expect.stringContaining('../kube/b.ts')]);
    expect(findViolations('src/cli/a.ts', text)).toEqual([]);
  });

  it.each([
    ['src/model/a.ts', "import { readFile } from 'node:fs';", 'imports node:fs'],
    ['src/model/a.ts', "import type { A } from '../kube/client.ts';", 'model may not depend on kube'],
    ['src/model/a.ts', "import { KubeConfig } from '@kubernetes/client-node';", 'imports the package'],
    [
      'src/checks/mtu/prepare.ts',
      "import { a } from '../../kube/list.ts';",
      'prepare may not depend on kube',
    ],
    ['src/cluster/a.ts', "import { a } from '../checks/mtu/plan.ts';", 'cluster may not depend on checks'],
    ['src/parsers/a.ts', 'export const now = () => Date.now();', 'uses Date'],
    ['src/parsers/a.ts', 'export const dice = () => Math.random();', 'uses Math.random'],
    ['src/parsers/a.ts', 'export const home = process.env.HOME;', 'uses process'],
    ['src/parsers/a.ts', 'export const clock = () => globalThis.Date.now();', 'uses globalThis'],
    ['src/checks/a.ts', "import { gather } from '../probes/gather.ts';", 'checks may not depend on probes'],
    [
      'src/checks/a.ts',
      "import {\n  a,\n  b,\n} from '../report/table.ts';",
      'checks may not depend on report',
    ],
    ['src/checks/dns/a.ts', "import { a } from '../arp/a.ts';", 'in src/checks/shared'],
    ['src/checks/dns/rules/a.ts', "import type { A } from '../../arp/facts.ts';", 'in src/checks/shared'],
    ['src/checks/dns/prepare.ts', "import { a } from '../arp/prepare.ts';", 'in src/checks/shared'],
    ['src/checks/dns/a.ts', "import { FINDINGS } from '../findings.ts';", 'in src/checks/shared'],
    ['src/checks/shared/a.ts', "import type { A } from '../arp/facts.ts';", 'in src/checks/shared'],
    ['src/checks/a.ts', "export { a } from '../open/a.ts';", 'checks may not depend on open'],
    ['src/checks/a.ts', "import '../console/a.ts';", 'checks may not depend on console'],
    ['src/report/a.ts', "import chalk from 'chalk';", 'imports the package chalk'],
    ['src/probes/a.ts', "import { a } from '../exec/stream.ts';", 'probes may not depend on exec'],
    ['src/channels/a.ts', "import { a } from '../targets/pod.ts';", 'channels may not depend on targets'],
    ['src/channels/a.ts', "import WebSocket from 'ws';", 'imports the package ws'],
    [
      'src/sessions/a.ts',
      "import { KubeConfig } from '@kubernetes/client-node';",
      'imports the package @kubernetes/client-node',
    ],
    [
      'src/sessions/a.ts',
      "import type { A } from '@kubernetes/client-node/dist/gen/a.js';",
      '@kubernetes/client-node',
    ],
    ['src/capture/a.ts', "import { run } from '../commands/run.ts';", 'capture may not depend on commands'],
    ['src/capture/a.ts', "import { a } from '../shell/a.ts';", 'capture may not depend on shell'],
    ['src/shell/a.ts', "import { a } from '../run/engine.ts';", 'shell may not depend on run'],
    ['src/run/a.ts', "import { a } from '../console/progress.ts';", 'run may not depend on console'],
    [
      'src/cli/a.ts',
      "import { run } from '../commands/run.ts';",
      'only "import type" and import() may name commands',
    ],
    [
      'src/cli/a.ts',
      "import { connect } from '../kube/client.ts';",
      'only "import type" and import() may name kube',
    ],
    ['src/commands/a.ts', "import yargs from 'yargs';", 'imports the package yargs'],
    ['src/commands/a.ts', "type A = import('../cli/command.ts').Command;", 'commands may not depend on cli'],
    [
      'src/cli/a.ts',
      "import { judge } from '../checks/mtu/judge.ts';",
      'only "import type" and import() may name checks',
    ],
    [
      'src/checks/mtu/about.ts',
      "import { judge } from './judge.ts';",
      'what a check says of itself is read without its code',
    ],
    ['src/kube/a.ts', "const a = await import('../open/a.ts');", 'kube may not depend on open'],
    ['src/kube/a.ts', "import { root } from '../../scripts/lib/process.ts';", 'which lies outside src'],
    ['src/other/a.ts', 'export {};', 'no import rule covers this file'],
  ])('finds what is wrong in %s: %j', (file, text, problem) => {
    expect(findViolations(file, text)).toEqual([expect.stringContaining(problem)]);
  });
});

describe('the rules of scripts and test', () => {
  it.each([
    [
      'scripts/build/a.ts',
      "import { b } from '../lib/process.ts';\nimport { c } from '../../src/cli/words.ts';",
    ],
    [
      'scripts/demo.ts',
      "import { a } from './lib/process.ts';\nimport { b } from '../test/cluster/paths.ts';",
    ],
    [
      'test/unit/checks/a.test.ts',
      "import { a } from '../../../src/checks/a.ts';\nimport { b } from '../shells.ts';",
    ],
    [
      'test/e2e/a.test.ts',
      "import type { Report } from '../../src/model/report.ts';\nimport { x } from './support/cli.ts';",
    ],
    // A generator's text is none of its own imports.
    [
      'scripts/generate/a.ts',
      "import { a } from '../lib/process.ts';\nconst text = `\nimport { b } from './b/check.ts';\n`;",
    ],
    ['test/unit/a.test.ts', "export const run = async () => import('../e2e/support/cli.ts');"],
  ])('allow %s: %j', (file, text) => {
    expect(findViolations(file, text)).toEqual([]);
  });

  it.each([
    [
      'scripts/lib/a.ts',
      "import { b } from '../build/bundle.ts';",
      'scripts/lib may not depend on scripts/build',
    ],
    [
      'scripts/image/a.ts',
      "import { b } from '../../test/e2e/support/cli.ts';",
      'scripts/image may not depend on test/e2e',
    ],
    [
      'scripts/image/a.ts',
      "import { b } from '../../test/cluster/node.ts';",
      'may not depend on test/cluster/node.ts',
    ],
    [
      'test/cluster/a.ts',
      "import { b } from '../../src/kube/client.ts';",
      'test/cluster may not depend on src/kube',
    ],
    [
      'test/e2e/a.test.ts',
      "import { b } from '../../src/checks/registry.ts';",
      'test/e2e may not depend on src/checks',
    ],
    [
      'test/faults/a.test.ts',
      "import { b } from '../unit/shells.ts';",
      'test/faults may not depend on test/unit',
    ],
    [
      'test/unit/a.test.ts',
      "import { b } from '../e2e/support/cli.ts';",
      'test/unit may not depend on test/e2e',
    ],
    ['test/new/a.test.ts', "import { b } from '../cluster/paths.ts';", 'no import rule covers this file'],
  ])('refuse %s: %j', (file, text, problem) => {
    expect(findViolations(file, text)).toEqual([expect.stringContaining(problem)]);
  });
});

describe('findCircles', () => {
  const circles = (graph: Record<string, string[]>) => findCircles(new Map(Object.entries(graph)));

  it('names each circle once, by its shortest way', () => {
    expect(circles({ a: ['b', 'c'], b: ['d'], c: ['a'], d: ['e'], e: ['d'] })).toEqual([
      'a → c → a: a circle of imports',
      'd → e → d: a circle of imports',
    ]);
    expect(circles({ a: ['a'] })).toEqual(['a → a: a circle of imports']);
  });

  it('finds none where all ways go down', () => {
    expect(circles({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual([]);
    expect(circles({ a: ['elsewhere'] })).toEqual([]);
  });
});
