/** What -o openmetrics prints, read by Prometheus' own checker. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackages } from '../cluster/packages.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, pod, testNamespace } from '../e2e/support/cluster.ts';

const PROMTOOL = '/usr/bin/promtool';
const ns = testNamespace('metrics');

beforeAll(async () => {
  if (!existsSync(PROMTOOL)) await installPackages(['prometheus']);
  await ns.start(
    ...['web-0', 'web-1'].map((name) => pod(name, { labels: { app: 'web' }, containers: [app] })),
  );
});

function lint(text: string): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

describe('promtool check metrics', () => {
  it.each([
    ['a diagnosis', ['diagnose', 'web-0', '--to', 'pod/web-1:8080']],
    ['a list', ['latency', '-l', 'app=web', '--all']],
    ['a matrix', ['matrix', 'pods']],
  ])('has nothing to say of %s', async (_name, words) => {
    const { code, stdout, stderr } = await nettools([...words, '-n', ns.name, '-o', 'openmetrics']);
    expect([0, 1], stderr).toContain(code);
    expect(lint(stdout)).toEqual({ code: 0, said: '' });
    expect(stdout.split('\n').length).toBeGreaterThan(20);
  });

  it('would say something of a bad name', () => {
    expect(lint('# TYPE nettools_x_total gauge\nnettools_x_total 1\n').code).not.toBe(0);
  });
});
