/** What a diagnosis takes of its target and of the user's machine, for few and for many destinations, all of one pod. */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Table from 'cli-table3';
import type { Report } from '../../src/model/report.ts';
import { apiGet } from '../cluster/api.ts';
import { kubeconfig, kubectlPath, nodes, repoDir } from '../cluster/paths.ts';
import { peakMb } from '../e2e/support/memory.ts';

const NAMESPACE = 'nettools-bench-cost';
/** RFC 5737, TEST-NET-3: addresses of the pod that answers. */
const RANGE = '203.0.113.0/24';
const ADDRESSES = 200;
const PORTS = [8080, 8081, 8082, 8083, 8084] as const;
const COUNTS = [1, 20, 200, 1000] as const;
const RUNS = 5;
const env = { ...process.env, KUBECONFIG: kubeconfig };
const nettools = join(repoDir, 'dist/kubectl-nettools');

function run(command: string, args: readonly string[], input = ''): string {
  return execFileSync(command, args, { env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] });
}

const kubectl = (...args: string[]): string => run(kubectlPath(), ['-n', NAMESPACE, ...args]);

const serve = [
  `for i in $(seq 1 ${ADDRESSES}); do ip addr add 203.0.113.$i/32 dev lo; done`,
  ...PORTS.map((p) => `socat -T5 TCP-LISTEN:${p},fork,reuseaddr,backlog=2000 SYSTEM:"sleep 0.2" &`),
  'wait',
].join('\n');

function pod(name: string, image: string, command: readonly string[]): object {
  const securityContext = { capabilities: { add: ['NET_ADMIN'] } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName: 'node1',
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'app', image, imagePullPolicy: 'Never', command, securityContext }],
    },
  };
}

/** Prints a table of medians. Everything that it makes is removed again. */
export async function benchCost(): Promise<void> {
  const netns = `/run/netns/${nodes.find(({ name }) => name === 'node1')?.netns}`;
  run(kubectlPath(), ['create', 'namespace', NAMESPACE]);
  try {
    const items = [
      pod('client', 'localhost/app:1', ['sleep', '3600']),
      pod('many', 'localhost/nettools:dev', ['bash', '-c', serve]),
    ];
    run(
      kubectlPath(),
      ['-n', NAMESPACE, 'apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
    kubectl('wait', 'pod', '--all', '--for=condition=Ready', '--timeout=120s');
    const many = JSON.parse(await apiGet(`/api/v1/namespaces/${NAMESPACE}/pods/many`)) as {
      status: { podIP: string };
    };
    run('nsenter', [`--net=${netns}`, 'ip', 'route', 'replace', RANGE, 'via', many.status.podIP]);
    const table = new Table({
      head: ['destinations', 'seconds', 'MiB at the peak', 'processes', 's of CPU', 'MB of the client'],
    });
    for (const count of COUNTS) {
      const to = Array.from({ length: count }, (_, i) => destination(i)).join(',');
      const runs: { report: Report; clientMb: number }[] = [];
      for (let i = 0; i < RUNS; i++) runs.push(await diagnose(to));
      const reports = runs.map(({ report }) => report);
      table.push([
        count,
        median(reports.map((r) => r.durationMs / 1000)).toFixed(1),
        median(reports.map((r) => (r.cost?.memoryPeakBytes ?? Number.NaN) / 2 ** 20)).toFixed(1),
        median(reports.map((r) => r.cost?.processesPeak ?? Number.NaN)),
        median(reports.map((r) => r.cost?.cpuSeconds ?? Number.NaN)).toFixed(2),
        Math.max(...runs.map(({ clientMb }) => clientMb)).toFixed(0),
      ]);
    }
    console.log(`cost of "diagnose" in a pod, medians of ${RUNS} runs; the client's memory at its highest`);
    console.log(table.toString());
  } finally {
    run('sh', ['-c', 'nsenter "$0" ip route del "$1" 2>/dev/null || :', `--net=${netns}`, RANGE]);
    run(kubectlPath(), ['delete', 'namespace', NAMESPACE, '--wait=false']);
  }
}

function destination(i: number): string {
  return `203.0.113.${(i % ADDRESSES) + 1}:${PORTS[Math.floor(i / ADDRESSES)]}`;
}

async function diagnose(to: string): Promise<{ report: Report; clientMb: number }> {
  const image = ['--image', 'localhost/nettools:dev'];
  const args = ['diagnose', 'client', '-n', NAMESPACE, '--to', to, '-o', 'json', ...image];
  const client = spawn(nettools, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let clientMb = 0;
  const timer = setInterval(() => {
    if (client.exitCode === null) clientMb = Math.max(clientMb, peakMb(client) || 0);
  }, 50);
  try {
    // Busy as it is, the machine may give a finding; what counts here is the cost.
    return { report: JSON.parse(await text(client.stdout)) as Report, clientMb };
  } finally {
    clearInterval(timer);
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
