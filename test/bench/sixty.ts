/**
 * Sixty pods on the two nodes of the test cluster: all of them diagnosed, first without a container of the tool in any, then
 * with one in each, and a matrix of twenty by twenty. Each row runs twice: as it is, for times and CPU, and through a front
 * that counts what is asked of the API server. `--pods N` makes another number. Nothing is left of it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { daemonRecords } from '../cluster/daemons.ts';
import { apiPort, kubeconfig, kubectlPath, nodes } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';
import { ApiFront } from '../servers/api-front.ts';
import { type ClientRun, measuredClient } from './client.ts';

const IMAGE = 'localhost/nettools:dev';
/** USER_HZ, in which /proc counts a process's CPU. */
const TICKS = 100;
const { values: flags } = parseArgs({ options: { pods: { type: 'string', default: '60' } } });
const count = Number(flags.pods);
const side = Math.min(20, count);

interface Row {
  readonly name: string;
  readonly words: readonly string[];
  /** Seconds. */
  readonly target: number;
  /** It prints no report. */
  readonly isSilent?: boolean;
}

const folder = mkdtempSync(join(tmpdir(), 'nettools-sixty-'));
const all = ['-l', 'app=many', '--all'];
const ROWS: readonly Row[] = [
  { name: `diagnose of ${count}, cold`, words: ['diagnose', ...all], target: 60 },
  { name: `diagnose of ${count}, warm`, words: ['diagnose', ...all], target: 30 },
  { name: `matrix of ${side} × ${side}`, words: ['matrix', '-l', 'side=yes'], target: 30 },
  { name: `preflight of ${count}`, words: ['preflight', ...all], target: 30 },
  {
    name: `capture of ${count}, for 5 s`,
    words: ['capture', ...all, '-w', `${folder}/`, '--duration', '5s', 'port', '53'],
    target: 30,
    isSilent: true,
  },
];

function kubectl(namespace: string, args: readonly string[], input = ''): string {
  return execFileSync(kubectlPath(), ['--kubeconfig', kubeconfig, '-n', namespace, ...args], {
    encoding: 'utf8',
    input,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

function makePods(namespace: string): void {
  kubectl(namespace, ['create', 'namespace', namespace]);
  const items = Array.from({ length: count }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `many-${i}`, labels: { app: 'many', ...(i < side ? { side: 'yes' } : {}) } },
    spec: {
      nodeName: nodes[i % nodes.length]?.name,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'app',
          image: 'localhost/app:1',
          imagePullPolicy: 'Never',
          ports: [{ containerPort: 8080 }],
        },
      ],
    },
  }));
  kubectl(namespace, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  kubectl(namespace, ['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=300s']);
}

/** CPU of the API server so far, in seconds. */
function apiServerSeconds(): number {
  const pid = daemonRecords().find(({ name }) => name === 'kube-apiserver')?.pid;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

interface Measured extends ClientRun {
  readonly apiServerSeconds: number;
}

async function measured(
  namespace: string,
  { words, isSilent = false }: Row,
  config: string,
): Promise<Measured> {
  const before = apiServerSeconds();
  const [command = '', ...rest] = words;
  const flags = ['-n', namespace, '--image', IMAGE, ...(isSilent ? [] : ['-o', 'json'])];
  const run = await measuredClient([command, ...flags, ...rest], { ...process.env, KUBECONFIG: config });
  return { ...run, apiServerSeconds: apiServerSeconds() - before };
}

const throughFront = join(folder, 'kubeconfig');
const front = await ApiFront.start({
  port: apiPort,
  ca: readFileSync(certificate('ca')),
  cert: readFileSync(certificate('admin')),
  key: readFileSync(privateKey('admin')),
});
writeFileSync(throughFront, front.kubeconfig);
const table = new Table({
  head: [
    'command',
    'target',
    's',
    'client CPU s',
    'client MB',
    'API server CPU s',
    'requests',
    'execs',
    'not measured',
  ],
  style: { head: [], border: [] },
});
const [direct, counted] = [`nettools-bench-sixty-${process.pid}-a`, `nettools-bench-sixty-${process.pid}-b`];
try {
  for (const [namespace, isCounted] of [
    [direct, false],
    [counted, true],
  ] as const) {
    makePods(namespace);
    for (const row of ROWS) {
      const before = { ...front.counts };
      const run = await measured(namespace, row, isCounted ? throughFront : kubeconfig);
      const list = JSON.parse(run.stdout || '{}') as { failed?: object[]; sources?: { failed?: string }[] };
      const failed =
        list.failed?.length ?? list.sources?.filter((one) => one.failed !== undefined).length ?? 0;
      const numbers = [run.seconds, run.cpuSeconds].map((one) => one.toFixed(1));
      const asked = isCounted
        ? [front.counts.requests - before.requests, front.counts.streams - before.streams]
        : ['', ''];
      const cells = [
        `${row.name}${isCounted ? ' (counted)' : ''}`,
        `${row.target} s`,
        ...numbers,
        run.peakMb.toFixed(0),
        run.apiServerSeconds.toFixed(1),
        ...asked,
        failed,
      ];
      table.push(cells);
      process.stderr.write(`${cells.join(' | ')}\n`);
    }
    kubectl(namespace, ['delete', 'namespace', namespace, '--wait=false']);
  }
  console.log(table.toString());
} finally {
  front.close();
  rmSync(folder, { recursive: true, force: true });
  for (const namespace of [direct, counted]) {
    kubectl(namespace, ['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
  }
}
