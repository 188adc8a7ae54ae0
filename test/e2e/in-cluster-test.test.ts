/** What `in-cluster test` prints, applied: it tests in the cluster with the rights that it names, and no others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { nettools } from './support/cli.ts';
import { cliImage } from './support/cli-image.ts';
import { app, kubectl, pod, testNamespace } from './support/cluster.ts';

const ns = testNamespace('in-cluster-test');
const data = testNamespace('in-cluster-test-data');
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-in-cluster-test-'));
let image = '';
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  image = await cliImage();
  await ns.start(pod('web-0', { labels: { app: 'web' }, containers: [app] }));
  await data.start(pod('db-0', { labels: { app: 'db' }, containers: [app] }));
  await data.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db' },
    spec: { selector: { app: 'db' }, ports: [{ port: 5432, targetPort: 8080 }] },
  });
});

/** A file with what is printed for the tests. */
async function printed(name: string, tests: string, ...words: readonly string[]): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `apiVersion: nettools/v1\nkind: NetworkTest\nmetadata: {name: ${name}, namespace: ${ns.name}}\ntests:\n${tests}\n`,
  );
  const own = ['--manifest', '-n', ns.name, '--job-image', image, '--image-pull-policy', 'Never'];
  const { code, stdout, stderr } = await nettools(['in-cluster', 'test', '-f', file, ...own, ...words]);
  expect(code, stderr).toBe(0);
  const manifest = join(folder, `${name}-objects.yaml`);
  writeFileSync(manifest, stdout);
  return manifest;
}

/** Applies what is printed for the tests, and returns how its Job ended and what it said. */
async function tested(name: string, tests: string, ...words: readonly string[]): Promise<[string, string]> {
  const manifest = await printed(name, tests, ...words);
  await kubectl(['apply', '--dry-run=server', '-f', manifest]);
  await kubectl(['apply', '-f', manifest]);
  const job = `nettools-test-${name}`;
  try {
    if (words.includes('--schedule')) await ns.kubectl(['create', 'job', job, `--from=cronjob/${job}`]);
    let end = '';
    await until('the end of the Job', 120, async () => {
      const paths = '{.status.conditions[?(@.status=="True")].type}';
      end = await ns.kubectl(['get', 'job', job, '-o', `jsonpath=${paths}`]);
      return /Complete|Failed/.test(end) || end;
    });
    const log = await ns.kubectl(['logs', `job/${job}`]);
    return [/Complete/.test(end) ? 'Complete' : 'Failed', log];
  } finally {
    if (words.includes('--schedule')) await ns.kubectl(['delete', 'job', job, '--ignore-not-found']);
    await kubectl(['delete', '-f', manifest, '--ignore-not-found']);
  }
}

const reaches = `  - {name: web reaches db, from: {selector: app=web}, to: svc/db.${data.name}:5432, expect: connected}`;

describe('in-cluster test', () => {
  it('is a Job that ends well where all is met, across namespaces', async () => {
    const [end, log] = await tested('well', reaches);
    expect(log).toContain('verdict: pass (1 met)');
    expect(end).toBe('Complete');
  });

  it('is a CronJob whose Job fails where something is not met, with its diagnosis', async () => {
    const closed = `${reaches}\n  - {name: nobody listens, from: pod/web-0, to: svc/db.${data.name}:5433, expect: connected}`;
    const [end, log] = await tested('ill', closed, '--schedule', '0 0 1 1 *');
    expect(log).toContain('verdict: ');
    expect(log).toMatch(/[×?] nobody listens/);
    expect(end).toBe('Failed');
  });

  it('may do what its file takes, and no more, where it takes it', async () => {
    const name = 'rights';
    const may: Record<string, string> = {};
    const manifest = await printed(name, reaches, '--witness', 'sources');
    await kubectl(['apply', '-f', manifest]);
    const account = `system:serviceaccount:${ns.name}:nettools-test-${name}`;
    for (const [right, namespace] of [
      ['patch pods/ephemeralcontainers', ns.name],
      ['create pods', ns.name],
      ['get services', data.name],
      ['patch pods/ephemeralcontainers', data.name],
      ['get services', 'kube-system'],
      ['list nodes', ns.name],
    ] as const) {
      const [verb = '', resource = '', subresource] = right.split(/[ /]/);
      const asked = [verb, resource, ...(subresource === undefined ? [] : ['--subresource', subresource])];
      // Its exit code is 1 for a no.
      const said = await kubectl(['auth', 'can-i', ...asked, '-n', namespace, '--as', account]).catch(
        () => 'no',
      );
      may[`${right} in ${namespace}`] = said.trim();
    }
    expect(may).toEqual({
      [`patch pods/ephemeralcontainers in ${ns.name}`]: 'yes',
      [`create pods in ${ns.name}`]: 'no',
      [`get services in ${data.name}`]: 'yes',
      [`patch pods/ephemeralcontainers in ${data.name}`]: 'no',
      'get services in kube-system': 'no',
      [`list nodes in ${ns.name}`]: 'no',
    });
  });
});
