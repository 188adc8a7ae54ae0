/** What -o openmetrics prints, read by Prometheus' own checker; what --push pushes, to a real Pushgateway that a real Prometheus scrapes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackages } from '../cluster/packages.ts';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, pod, testNamespace } from '../e2e/support/cluster.ts';

const PROMTOOL = '/usr/bin/promtool';
const PROMETHEUS = '/usr/bin/prometheus';
const PUSHGATEWAY = '/usr/bin/prometheus-pushgateway';
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

describe('a real Pushgateway and a real Prometheus', () => {
  const PASSWORD = 'hidden-word';
  let folder = '';
  let config = '';
  let settings = '';
  let gateway: Started;
  let prometheus: Started;
  const running: Started[] = [];

  beforeAll(async () => {
    const missing = [PUSHGATEWAY, PROMETHEUS].filter((file) => !existsSync(file));
    if (missing.length > 0) await installPackages(['prometheus', 'prometheus-pushgateway']);
    folder = mkdtempSync(join(tmpdir(), 'nettools-metrics-'));
    gateway = await started(PUSHGATEWAY, (port) => [`--web.listen-address=127.0.0.1:${port}`]);
    config = join(folder, 'prometheus.yml');
    settings = `global: {scrape_interval: 1s}
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{targets: ['127.0.0.1:${gateway.port}']}]
`;
    writeFileSync(config, settings);
    running.push(gateway);
    prometheus = await started(PROMETHEUS, (port) => [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    running.push(prometheus);
  });

  afterAll(async () => {
    for (const one of running) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What Prometheus says to a query. */
  async function asked(query: string): Promise<readonly Sample[]> {
    const url = `http://127.0.0.1:${prometheus.port}/api/v1/query?query=${encodeURIComponent(query)}`;
    const { status, data, error } = (await (await fetch(url)).json()) as Answer;
    expect(status, `${query}: ${error ?? ''}`).toBe('success');
    return data?.result ?? [];
  }

  const pushed = (url: string, ...words: readonly string[]) =>
    nettools([...words, '-n', ns.name, '--push', url]);

  it.each([
    ['a diagnosis', 'nettools_verdict', 'web-0', ['diagnose', 'web-0', '--to', 'pod/web-1:8080']],
    ['a list', 'nettools_targets', '-l app=web', ['latency', '-l', 'app=web', '--all']],
    ['a matrix', 'nettools_matrix_pairs', 'pods', ['matrix', 'pods']],
  ])('take %s, and replace it by the next', async (_name, metric, about, words) => {
    const url = gateway.url.replace('//', `//me:${PASSWORD}@`);
    for (let run = 0; run < 2; run++) {
      const { code, stdout, stderr } = await pushed(url, ...words);
      expect([0, 1], stderr).toContain(code);
      expect(stderr).not.toContain('not pushed');
      // The report is printed all the same.
      expect(stdout).toContain('verdict: ');
      expect(stdout + stderr).not.toContain(PASSWORD);
    }
    const group = `job="nettools",command="${words[0]}",instance="${ns.name}/${about}"`;
    await expect
      .poll(async () => (await asked(`${metric}{${group}}`)).length, { timeout: 20_000, interval: 500 })
      .toBeGreaterThan(0);
    expect(await asked(`push_failure_time_seconds{${group}} > 0`)).toEqual([]);
  });

  it('take expectations', async () => {
    const file = join(folder, 'shop.yaml');
    writeFileSync(
      file,
      `apiVersion: nettools/v1
kind: NetworkTest
tests:
  - {name: web reaches web, from: pod/web-0, to: 'pod/web-1:8080', expect: connected}
  - {name: nobody is there, from: pod/web-0, to: 'pod/web-1:8081', expect: connected}
`,
    );
    const { code, stdout, stderr } = await pushed(gateway.url, 'test', '-f', file, '-o', 'openmetrics');
    expect(code, stderr).toBe(1);
    expect(lint(stdout)).toEqual({ code: 0, said: '' });
    await expect
      .poll(
        async () => (await asked('nettools_test_expectation_met == 0')).map(({ metric }) => metric['test']),
        {
          timeout: 20_000,
          interval: 500,
        },
      )
      .toEqual(['nobody is there']);
  });

  it('do not change a report that cannot be pushed, and its exit code is no longer 0', async () => {
    const { code, stdout, stderr } = await pushed(
      `http://me:${PASSWORD}@127.0.0.1:9`,
      'latency',
      'web-0',
      '--to',
      'pod/web-1',
    );
    expect(code, stdout).toBe(3);
    expect(stdout).toContain('verdict: pass');
    expect(stderr).toContain(
      'note: the metrics were not pushed: http://127.0.0.1:9/metrics cannot be reached: the connection was refused.\n',
    );
    expect(stdout + stderr).not.toContain(PASSWORD);
  });

  it('scrape a watch while it runs, whose metrics end with it', async () => {
    const port = await freePort();
    writeFileSync(
      config,
      `${settings}  - {job_name: watch, static_configs: [{targets: ['127.0.0.1:${port}']}]}\n`,
    );
    prometheus.reload();
    const words = [
      'watch',
      'web-0',
      '--to',
      'pod/web-1:8080',
      '--for',
      '30s',
      '--save',
      join(folder, 'watch'),
    ];
    const run = nettools([...words, '-n', ns.name, '--metrics', String(port), '-o', 'openmetrics']);
    await expect
      .poll(
        async () => (await asked('nettools_watch_probes_total{destination="pod/web-1:8080"} > 5')).length,
        {
          timeout: 40_000,
          interval: 500,
        },
      )
      .toBe(1);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(lint(text)).toEqual({ code: 0, said: '' });
    expect(await asked('nettools_watch_reached == 1')).toHaveLength(1);
    expect(await asked('nettools_watch_probes_lost_total == 0')).toHaveLength(1);
    const { code, stdout, stderr } = await run;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`note: metrics are served at http://127.0.0.1:${port}/metrics.`);
    expect(stdout).toContain('# TYPE nettools_watch_probes counter\n');
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
    const taken = await nettools([...words, '-n', ns.name, '--metrics', String(gateway.port)]);
    expect(taken.code).toBe(3);
    expect(taken.stderr).toContain(
      `metrics cannot be served at 127.0.0.1:${gateway.port}: something else listens there.`,
    );
  });

  it('understand every query of the dashboard', async () => {
    const text = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    const queries = [...text.matchAll(/"expr": (".*"),?$/gm)].map(
      ([, one = '']) => JSON.parse(one) as string,
    );
    expect(queries.length).toBeGreaterThan(40);
    for (const query of queries)
      await asked(query.replaceAll('$__rate_interval', '1m').replaceAll(/\$target(?:_namespace)?/g, '.*'));
    // Those of a diagnosis, which was pushed above, find something.
    const [finding] = await asked('nettools_latency_rtt_seconds{quantile="0.5"}');
    expect(finding?.metric['destination']).toBeDefined();
  });
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly Sample[] };
}

/** A server of another project, on a port of its own. */
interface Started {
  readonly port: number;
  readonly url: string;
  /** Reads its configuration anew. */
  reload(): void;
  stop(): Promise<void>;
}

async function started(program: string, words: (port: number) => readonly string[]): Promise<Started> {
  const port = await freePort();
  const child = spawn(program, words(port), { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until(`an answer of ${program}`, 30, async () => {
    const status = (await fetch(`${url}/-/ready`).catch(() => undefined))?.status;
    return status === 200 || String(status);
  });
  return {
    port,
    url,
    reload: () => {
      child.kill('SIGHUP');
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
