/**
 * What commands may take, as one table: this build beside kubectl and, with `--old FILE`, beside another build. All of a
 * row run in turn, so that a machine whose speed drifts is no advantage for any. It needs the test cluster and the built
 * binary. `--runs N` sets how often (default 30), `--rows WORDS` takes only rows that have the words in their name.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { kubeconfig, kubectlPath, nodes, repoDir } from '../cluster/paths.ts';

// Of its own each time: the last one's may still be on its way out.
const NAMESPACE = `nettools-bench-targets-${process.pid}`;
const IMAGE = 'localhost/nettools:dev';
const BYTES = 300_000_000;
const { values: flags } = parseArgs({
  options: {
    old: { type: 'string' },
    runs: { type: 'string', default: '30' },
    rows: { type: 'string', default: '' },
  },
});
const env: NodeJS.ProcessEnv = { ...process.env, KUBECONFIG: kubeconfig, KUBECTL_NETTOOLS_IMAGE: IMAGE };
// Reading more certificates at every start is no part of what is measured.
delete env['NODE_EXTRA_CA_CERTS'];

/** One row: the words of the tool's own command, what kubectl does for the same, and how long it may take. */
interface Row {
  readonly name: string;
  /** The tool's command line with `%` for the binary, for a shell. */
  readonly own: string;
  readonly kubectl?: string;
  /** A share of kubectl's time, or seconds where kubectl has nothing of the kind. */
  readonly target: number;
  /** Of the runs that were asked for, as these take long. */
  readonly share?: number;
}

interface Timing {
  /** Medians in seconds. */
  readonly wall: number;
  readonly cpu: number;
}

function rowsFor(container: string): Row[] {
  const exec = `${kubectlPath()} exec -n ${NAMESPACE} target -c ${container}`;
  const run = `% run -n ${NAMESPACE} target`;
  const check = (name: string, target: number): Row => ({
    name: `${name} POD`,
    own: `% ${name} target -n ${NAMESPACE}`,
    target,
    share: 0.2,
  });
  return [
    { name: '--version', own: '% --version', kubectl: `${kubectlPath()} version --client`, target: 0.6 },
    { name: '--help', own: '% --help', kubectl: `${kubectlPath()} version --client`, target: 0.6 },
    { name: 'run POD -- true', own: `${run} -- true </dev/null`, kubectl: `${exec} -- true`, target: 1.05 },
    {
      name: 'echo | run POD -- cat',
      own: `echo x | ${run} -- cat`,
      kubectl: `echo x | ${exec} -i -- cat`,
      target: 1.05,
    },
    {
      name: 'completion of pods',
      own: `% __complete run -n ${NAMESPACE} ta`,
      kubectl: `${kubectlPath()} __complete get pods -n ${NAMESPACE} ta`,
      target: 1.2,
    },
    {
      name: `${BYTES / 1e6} MB out`,
      own: `${run} -- head -c ${BYTES} /dev/zero | wc -c`,
      kubectl: `${exec} -- head -c ${BYTES} /dev/zero | wc -c`,
      target: 0.9,
      share: 0.2,
    },
    {
      name: `${BYTES / 1e6} MB in`,
      own: `head -c ${BYTES} /dev/zero | ${run} -- wc -c`,
      kubectl: `head -c ${BYTES} /dev/zero | ${exec} -i -- wc -c`,
      target: 0.9,
      share: 0.2,
    },
    check('diagnose', 2.5),
    { ...check('diagnose --to 203.0.113.1:80', 6), name: 'diagnose POD, one dead destination' },
    ...['interfaces', 'arp', 'routing', 'latency', 'mtu', 'conntrack', 'sockets', 'dns'].map((name) =>
      check(name, 1.5),
    ),
    {
      name: 'netns ls NODE',
      own: `% netns ls ${nodes[0]?.name} --keep --debug-namespace ${NAMESPACE}`,
      target: 1.5,
      share: 0.2,
    },
  ];
}

/** Runs the lines in turn, after one round that does not count. */
function inTurn(lines: readonly string[], rounds: number): Timing[] {
  const all = lines.map(() => [] as Timing[]);
  for (let round = 0; round <= rounds; round++) {
    lines.forEach((line, i) => {
      const timing = timed(line);
      if (round > 0) all[i]?.push(timing);
    });
  }
  return all.map((runs) => ({ wall: median(runs.map((r) => r.wall)), cpu: median(runs.map((r) => r.cpu)) }));
}

/** @throws when the command gives no verdict: a failing run would be a fast one */
function timed(line: string): Timing {
  const script = `TIMEFORMAT='%3R %3U %3S'; set -o pipefail; time { ${line} >/dev/null 2>&1; }`;
  const { stderr, status } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
  // Busy as it is, the machine may give a finding (1).
  if (status !== 0 && status !== 1) throw new Error(`"${line}" ended with ${status}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
  return { wall, cpu: user + system };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function cells({ name, own, kubectl, target, share = 1 }: Row): string[] {
  const binaries = [join(repoDir, 'dist/kubectl-nettools'), ...(flags.old === undefined ? [] : [flags.old])];
  const lines = [
    ...binaries.map((binary) => own.replaceAll('%', binary)),
    ...(kubectl === undefined ? [] : [kubectl]),
  ];
  const timings = inTurn(lines, Math.max(3, Math.round(Number(flags.runs) * share)));
  const now = timings[0];
  const before = flags.old === undefined ? undefined : timings[1];
  const yardstick = kubectl === undefined ? undefined : timings.at(-1);
  const result = (now?.wall ?? Number.NaN) / (yardstick?.wall ?? 1);
  const told = (timing: Timing | undefined): string =>
    timing === undefined ? '' : `${timing.wall.toFixed(3)} (${timing.cpu.toFixed(3)})`;
  const unit = yardstick === undefined ? ' s' : 'x';
  return [
    name,
    `${target}${unit}`,
    `${result.toFixed(2)}${unit}${result <= target ? '' : ' missed'}`,
    told(now),
    told(before),
    told(yardstick),
  ];
}

const kubectl = (...args: string[]): string =>
  execFileSync(kubectlPath(), ['-n', NAMESPACE, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

execFileSync(kubectlPath(), ['create', 'namespace', NAMESPACE], { env, stdio: 'ignore' });
try {
  const sleep = ['--image=localhost/app:1', '--image-pull-policy=Never', '--command', '--', 'sleep', '3600'];
  kubectl('run', 'target', ...sleep);
  kubectl('wait', 'pod/target', '--for=condition=Ready', '--timeout=60s');
  const binary = join(repoDir, 'dist/kubectl-nettools');
  execFileSync(binary, ['run', '-n', NAMESPACE, 'target', '--', 'true'], { env, stdio: 'ignore' });
  // kubectl execs into the very container that the session made.
  const container = kubectl('get', 'pod', 'target', '-o', 'jsonpath={.spec.ephemeralContainers[0].name}');
  const table = new Table({
    head: ['command', 'target', 'result', 'this build: s (CPU)', 'old build', 'kubectl'],
    style: { head: [], border: [] },
  });
  for (const row of rowsFor(container).filter(({ name }) => name.includes(flags.rows)))
    table.push(cells(row));
  console.log('medians of wall time, and of CPU time of the whole pipe in brackets');
  console.log(table.toString());
} finally {
  kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
}
