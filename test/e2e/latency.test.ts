import { load } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { bash, expectSentence, nettools } from './support/cli.ts';
import { type Manifest, pod, testNamespace } from './support/cluster.ts';
import { destinations, latencyReport, problems, validReport } from './support/report.ts';
import { proxied } from './support/services.ts';

const ns = testNamespace('latency');
const probes = ['--count', '60', '--interval', '20ms'];
const on = (target: string, ...flags: string[]) => ['-n', ns.name, target, ...flags];
const from = (target: string, ...flags: string[]) => [...on(target), ...probes, ...flags];

const addresses: Record<string, string> = {};

beforeAll(async () => {
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'peers' },
    spec: { selector: { role: 'peer' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
  await ns.apply(service);
  await ns.start(
    pod('client'),
    pod('peer', { labels: { role: 'peer' } }),
    pod('second', { labels: { role: 'peer' } }),
    pod('hostile'),
  );
  await proxied(ns, 'peers', 2);
  for (const name of ['client', 'peer', 'second']) {
    addresses[name] = (await ns.pod(name)).status.podIP ?? '';
  }
});

/** Key paths of a document; elements of a list count as one. */
function paths(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries = Object.entries(value).map(([key, inner]) =>
    paths(inner, Array.isArray(value) ? `${at}[]` : `${at}.${key}`),
  );
  return [...new Set(entries.flat())].sort();
}

describe('the report', () => {
  it('is valid as JSON, and the same thing as YAML', async () => {
    const { report, outcome } = await latencyReport(from('client', '--to', 'pod/peer'));
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(report.target).toEqual({
      kind: 'pod',
      namespace: ns.name,
      name: 'client',
      node: (await ns.pod('client')).spec.nodeName,
      address: addresses['client'],
    });
    const yaml = await nettools(['latency', ...from('client', '--to', 'pod/peer'), '-o', 'yaml']);
    expect(yaml.code).toBe(0);
    expect(paths(validReport(load(yaml.stdout)))).toEqual(paths(report));
  });

  it('is a plain table when nobody looks: no escape code, nothing on stderr', async () => {
    const outcome = await nettools(['latency', ...from('client', '--to', 'pod/peer')]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).not.toContain('\u001b');
    expect(outcome.stdout).toMatch(
      /^DESTINATION +BY +ADDRESS +MIN +MEDIAN +P95 +P99 +MAX +JITTER +LOSS +DISTRIBUTION/m,
    );
    const row = outcome.stdout.split('\n').find((line) => line.startsWith('pod/peer '));
    expect(row).toMatch(/^pod\/peer +icmp +198\.18\.\d\.\d+( +\d+(\.\d+)?){6} +0 % +[ ▁▂▃▄▅▆▇█]+$/);
    expect(outcome.stdout).toMatch(/^verdict: pass, \d+\.\d s$/m);
  });

  it('is coloured on a terminal, but not with NO_COLOR', async () => {
    const line = `kubectl nettools latency ${on('client', '--count', '5').join(' ')}`;
    const coloured = await bash(`script -qec '${line}' /dev/null`);
    expect(coloured.stdout).toContain('\u001b[32mpass\u001b[0m');
    const plain = await bash(`script -qec '${line} 2>/dev/null' /dev/null`, { env: { NO_COLOR: '1' } });
    expect(plain.stdout).toContain('verdict: pass');
    expect(plain.stdout).not.toContain('\u001b');
  });

  it('shows what a hostile image prints without letting it drive the terminal', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2Jevil\u202eetar';
    const script = `#!/bin/sh\nprintf '%s\\n' '${evil}' >&2\nexit 1\n`;
    // Without the prober it is an image like any other, whose ping is asked.
    const spoil = 'cat >/usr/bin/ping && rm /usr/bin/nettools-prober';
    await nettools(['run', ...on('hostile'), '--', 'sh', '-c', spoil], { input: script });
    const table = await nettools(['latency', ...on('hostile', '--count', '5')]);
    expect(table.code).toBe(0);
    expect(table.stdout).toContain('\\x1b]0;owned\\x07\\x1b[2Jevil\\u{202e}etar');
    expect(table.stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    const { report } = await latencyReport(on('hostile', '--count', '5'));
    expect(problems(report)).toEqual([]);
  });
});

describe('--to', () => {
  it('takes hosts, URLs, pods and Services, and lists every endpoint of a Service', async () => {
    const { peer = '', second = '' } = addresses;
    const name = `peers.${ns.name}.svc.cluster.local`;
    const to = [
      peer,
      `${second}:8080`,
      `${name}:80`,
      `http://${peer}:8080/`,
      'pod/peer',
      'pod/second:http',
      'svc/peers',
      'svc/peers:http',
    ];
    const { report, outcome } = await latencyReport([
      ...on('client', '--count', '5', '--interval', '20ms'),
      ...to.flatMap((one) => ['--to', one]),
    ]);
    expect(problems(report)).toEqual([]);
    expect(outcome.code, outcome.stderr).toBe(0);
    const found = destinations(report).map((one) => [
      one.name,
      one.address,
      String(one.tcp.port),
      one.tcp.connected,
    ]);
    expect(found.slice(0, 3).map(([label]) => label)).toEqual(['gateway', 'dns', 'apiserver']);
    const { clusterIP = '' } = (
      JSON.parse(await ns.kubectl(['get', 'service', 'peers', '-o', 'json'])) as {
        spec: { clusterIP?: string };
      }
    ).spec;
    const both = (label: string) => [
      [label, clusterIP, '80', 5],
      [`${label} → peer`, peer, '8080', 5],
      [`${label} → second`, second, '8080', 5],
    ];
    const sorted = (rows: unknown[][]) => rows.map((row) => row.join(' ')).sort();
    expect(sorted(found.slice(3))).toEqual(
      sorted([
        // Nobody listens there: the refusal is what was timed.
        [peer, peer, '443', 0],
        [`${second}:8080`, second, '8080', 5],
        [`${name}:80`, clusterIP, '80', 5],
        [`http://${peer}:8080/`, peer, '8080', 5],
        ['pod/peer', peer, '8080', 5],
        ['pod/second:http', second, '8080', 5],
        ...both('svc/peers'),
        ...both('svc/peers:http'),
      ]),
    );
  });

  it.each([
    ['-c', 2, /not a destination/],
    ['%gateway%', 2, /not a destination/],
    ['host:0', 2, /not a destination/],
    ['http://', 2, /not a URL/],
    ['a b', 2, /not a destination/],
    ['svc/peers:nope', 3, /service "peers" has no TCP port "nope" \(it has: http=80\)/],
  ] as const)('%s', async (to, code, says) => {
    expectSentence(await nettools(['latency', ...on('client'), `--to=${to}`]), code, says);
  });
});

describe('a healthy pod', () => {
  it.each([
    ['web', ['-n', 'default', 'deploy/web', '--to', 'svc/web']],
    ['CoreDNS', ['-n', 'kube-system', 'deploy/coredns', '--to', 'svc/kube-dns:dns-tcp']],
    ['locked', ['-n', 'locked', 'locked']],
  ])('%s has nothing to report in five runs', async (_name, args) => {
    for (let run = 1; run <= 5; run++) {
      const { report, outcome } = await latencyReport([
        ...args,
        '--count',
        '50',
        '--interval',
        '20ms',
        '--idle',
        '2m',
      ]);
      expect(problems(report), `run ${run}`).toEqual([]);
      expect({ verdict: report.verdict, code: outcome.code }, `run ${run}`).toEqual({
        verdict: 'pass',
        code: 0,
      });
    }
  });
});
