/**
 * What commands may take, as one table: this build beside kubectl and, with `--old FILE`, beside another build. All of a
 * row run in turn, so that a machine whose speed drifts is no advantage for any. It needs the test cluster, the built
 * binary and util-linux's script. `--runs N` sets how often (default 30), `--rows WORDS` takes only rows that have the
 * words in their name. 60 pods run for the last rows, and 5,000 are made that no node sees.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { buildSync } from 'esbuild';
import { kubeconfig, kubectlPath, nodes, repoDir } from '../cluster/paths.ts';
import type { LeastConnection } from './least-client.ts';
import { namesOfPods, runningPods } from './many-objects.ts';
import { type TerminalTiming, timeTerminal } from './terminal-timing.ts';

// Of its own each time: the last one's may still be on its way out.
const NAMESPACE = `nettools-bench-targets-${process.pid}`;
const IMAGE = 'localhost/nettools:dev';
const BYTES = 300_000_000;
const RUNNING_PODS = 60;
const ENDPOINTS = 20;
const NAMES = 5000;
/** Ends with 1 where the output's last word has not come. */
const END = 'grep -q END';
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
  /** What the least Node program does for the same (least-client.ts), with `%` for it: the bound of what is written so. */
  readonly least?: string;
  /** A share of kubectl's time, or seconds where kubectl has nothing of the kind. */
  readonly target: number;
  /** Of the runs that were asked for, as these take long. */
  readonly share?: number;
  /** Runs before each of them, and is not timed. */
  readonly before?: string;
  /** What is timed of a command in a terminal; absent: the command as a whole. */
  readonly until?: keyof TerminalTiming;
  /** What has to be there besides the pod. */
  readonly needs?: 'running pods' | 'names';
}

/** In seconds. */
interface Timing {
  readonly wall: number;
  readonly cpu: number;
  /** The output came to its end: kubectl debug loses it at times. */
  readonly isComplete: boolean;
}

/** Medians in seconds: of those whose output was complete, or of all where none was. */
interface Timings extends Omit<Timing, 'isComplete'> {
  readonly complete: number;
  readonly of: number;
}

function rowsFor(container: string): Row[] {
  const exec = `${kubectlPath()} exec -n ${NAMESPACE} target -c ${container}`;
  const run = `% run -n ${NAMESPACE} target`;
  const inCold = `sh -c 'ip -br addr; echo END' | ${END}`;
  const inShell = "sh -c 'command -v bash >/dev/null 2>&1 && exec bash; exec sh'";
  const inTerminal = {
    own: `% shell -n ${NAMESPACE} target`,
    kubectl: `${kubectlPath()} exec -it -n ${NAMESPACE} target -c ${container} -- ${inShell}`,
    least: `% target ${container} tty ${inShell}`,
    share: 0.5,
  };
  const check = (name: string, target: number): Row => ({
    name: `${name} POD`,
    own: `% ${name} target -n ${NAMESPACE}`,
    target,
    share: 0.2,
  });
  return [
    { name: '--version', own: '% --version', kubectl: `${kubectlPath()} version --client`, target: 0.6 },
    { name: '--help', own: '% --help', kubectl: `${kubectlPath()} version --client`, target: 0.6 },
    {
      name: 'run POD -- true',
      own: `${run} -- true </dev/null`,
      kubectl: `${exec} -- true`,
      least: `% target ${container} none true`,
      target: 1.05,
    },
    {
      name: 'echo | run POD -- cat',
      own: `echo x | ${run} -- cat`,
      kubectl: `echo x | ${exec} -i -- cat`,
      least: `echo x | % target ${container} stdin cat`,
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
      least: `% target ${container} none head -c ${BYTES} /dev/zero | wc -c`,
      target: 0.9,
      share: 0.2,
    },
    {
      // What is left is the far side's: the least program drops each byte as soon as TLS has given it.
      name: `${BYTES / 1e6} MB out, thrown away`,
      own: `${run} -- head -c ${BYTES} /dev/zero`,
      kubectl: `${exec} -- head -c ${BYTES} /dev/zero`,
      least: `% target ${container} discard head -c ${BYTES} /dev/zero`,
      target: 0.9,
      share: 0.2,
    },
    {
      name: `${BYTES / 1e6} MB in`,
      own: `head -c ${BYTES} /dev/zero | ${run} -- wc -c`,
      kubectl: `head -c ${BYTES} /dev/zero | ${exec} -i -- wc -c`,
      least: `head -c ${BYTES} /dev/zero | % target ${container} stdin wc -c`,
      target: 0.9,
      share: 0.2,
    },
    check('diagnose', 2.5),
    { ...check('diagnose --to 203.0.113.1:80', 6), name: 'diagnose POD, one dead destination' },
    {
      name: 'cold run POD',
      own: `% run -n ${NAMESPACE} cold -- ${inCold}`,
      kubectl: `${kubectlPath()} debug -n ${NAMESPACE} -i cold --image=${IMAGE} --profile=netadmin -q -- ${inCold}`,
      least: `% cold +${IMAGE} none ${inCold}`,
      before: coldPod(),
      target: 0.9,
      share: 0.3,
    },
    { ...inTerminal, name: 'shell to its prompt', until: 'prompt', target: 1.05 },
    { ...inTerminal, name: 'shell, key to echo', until: 'echo', target: 1 },
    // conntrack has nothing to judge in a pod that tracks no connection.
    ...['interfaces', 'arp', 'routing', 'latency', 'mtu', 'sockets', 'dns'].map((name) => check(name, 1.5)),
    {
      name: 'netns ls NODE',
      own: `% netns ls ${nodes[0]?.name} --keep --debug-namespace ${NAMESPACE}`,
      target: 1.5,
      share: 0.2,
    },
    {
      ...check(`diagnose --to svc/many`, 4),
      name: `diagnose POD, ${ENDPOINTS} endpoints`,
      needs: 'running pods',
    },
    {
      name: `netns ls NODE, ${RUNNING_PODS} pods`,
      own: `% netns ls ${nodes[0]?.name} --keep --debug-namespace ${NAMESPACE}`,
      target: 1.5,
      share: 0.2,
      needs: 'running pods',
    },
    {
      name: `completion among ${NAMES} pods`,
      own: `% __complete run -n ${NAMESPACE} ta`,
      kubectl: `${kubectlPath()} __complete get pods -n ${NAMESPACE} ta`,
      target: 1.2,
      share: 0.5,
      needs: 'names',
    },
  ];
}

/** kubectl debug leaves its container behind, so that each run gets a pod of its own. */
function coldPod(): string {
  const words = `-n ${NAMESPACE} --image=localhost/app:1 --image-pull-policy=Never --command -- sleep 3600`;
  return [
    `${kubectlPath()} delete pod cold -n ${NAMESPACE} --now --ignore-not-found --wait`,
    `${kubectlPath()} run cold ${words}`,
    `${kubectlPath()} wait pod/cold -n ${NAMESPACE} --for=condition=Ready --timeout=60s`,
  ].join(' && ');
}

/** Runs the lines in turn, after one round that does not count. */
async function inTurn(
  lines: readonly string[],
  rounds: number,
  { before, until }: Pick<Row, 'before' | 'until'>,
): Promise<Timings[]> {
  const all = lines.map(() => [] as Timing[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, line] of lines.entries()) {
      if (before !== undefined) execFileSync('bash', ['-c', before], { env, stdio: 'ignore' });
      const timing = until === undefined ? timed(line) : await timedInTerminal(line, until);
      if (round > 0) all[i]?.push(timing);
    }
  }
  return all.map((runs) => {
    const complete = runs.filter(({ isComplete }) => isComplete);
    const counted = complete.length > 0 ? complete : runs;
    const [wall, cpu] = [median(counted.map((r) => r.wall)), median(counted.map((r) => r.cpu))];
    return { wall, cpu, complete: complete.length, of: runs.length };
  });
}

async function timedInTerminal(line: string, until: keyof TerminalTiming): Promise<Timing> {
  return { wall: (await timeTerminal(line, env))[until], cpu: Number.NaN, isComplete: true };
}

/** @throws when the command gives no verdict: a failing run would be a fast one */
function timed(line: string): Timing {
  const script = `TIMEFORMAT='%3R %3U %3S'; set -o pipefail; time { { ${line}; } >/dev/null 2>&1; }`;
  const { stderr, status } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
  const isComplete = status === 0 || !line.includes(END);
  // Busy as it is, the machine may give a finding (1).
  if (status !== 0 && status !== 1) throw new Error(`"${line}" ended with ${status}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
  return { wall, cpu: user + system, isComplete };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function cells({ name, own, kubectl, least, target, share = 1, ...how }: Row): Promise<string[]> {
  const binaries = [join(repoDir, 'dist/kubectl-nettools'), ...(flags.old === undefined ? [] : [flags.old])];
  const lines = [
    ...binaries.map((binary) => own.replaceAll('%', binary)),
    ...(least === undefined ? [] : [least.replaceAll('%', leastProgram)]),
    ...(kubectl === undefined ? [] : [kubectl]),
  ];
  const timings = await inTurn(lines, Math.max(3, Math.round(Number(flags.runs) * share)), how);
  const now = timings[0];
  const before = flags.old === undefined ? undefined : timings[1];
  const bound = least === undefined ? undefined : timings.at(-2);
  const yardstick = kubectl === undefined ? undefined : timings.at(-1);
  const result = (now?.wall ?? Number.NaN) / (yardstick?.wall ?? 1);
  const told = (timing: Timings | undefined): string => {
    if (timing === undefined) return '';
    const { wall, cpu, complete, of } = timing;
    const seconds = wall.toFixed(how.until === 'echo' ? 4 : 3);
    const lost = complete < of ? `, complete in ${complete} of ${of}` : '';
    return `${seconds}${Number.isNaN(cpu) ? '' : ` (${cpu.toFixed(3)})`}${lost}`;
  };
  const unit = yardstick === undefined ? ' s' : 'x';
  return [
    name,
    `${target}${unit}`,
    `${result.toFixed(2)}${unit}${result <= target ? '' : ' missed'}`,
    told(now),
    told(before),
    told(bound),
    told(yardstick),
  ];
}

const kubectl = (args: readonly string[], input = ''): string =>
  execFileSync(kubectlPath(), ['-n', NAMESPACE, ...args], {
    env,
    encoding: 'utf8',
    input,
    stdio: ['pipe', 'pipe', 'ignore'],
  });

/** What a row needs is made when the first one needs it: those before are measured without. */
const made = new Set<Row['needs']>();
async function provide(what: Row['needs']): Promise<void> {
  if (what === undefined || made.has(what)) return;
  made.add(what);
  if (what === 'names') return namesOfPods(NAMESPACE, NAMES);
  kubectl(['create', '-f', '-'], JSON.stringify(runningPods(RUNNING_PODS, ENDPOINTS)));
  kubectl(['wait', 'pods', '-l', 'app in (endpoint,idle)', '--for=condition=Ready', '--timeout=600s']);
}

/** @returns a command line that runs it, but for its own words */
function leastCommand(into: string): string {
  const program = join(into, 'least.cjs');
  const from = join(repoDir, 'test/bench/least-client.ts');
  buildSync({ entryPoints: [from], outfile: program, bundle: true, platform: 'node', format: 'cjs' });
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const [cluster = {}, user = {}] = [config.clusters[0]?.cluster, config.users[0]?.user];
  const { hostname, port } = new URL(cluster['server'] ?? '');
  const pem = (data = ''): string => Buffer.from(data, 'base64').toString();
  const connection: LeastConnection = {
    hostname,
    port,
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
    namespace: NAMESPACE,
  };
  const file = join(into, 'connection.json');
  writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
  return `${process.execPath} ${program} ${file}`;
}

const folder = mkdtempSync(join(tmpdir(), 'nettools-bench-'));
const leastProgram = leastCommand(folder);
execFileSync(kubectlPath(), ['create', 'namespace', NAMESPACE], { env, stdio: 'ignore' });
try {
  const sleep = ['--image=localhost/app:1', '--image-pull-policy=Never', '--command', '--', 'sleep', '3600'];
  kubectl(['run', 'target', ...sleep]);
  kubectl(['wait', 'pod/target', '--for=condition=Ready', '--timeout=60s']);
  const binary = join(repoDir, 'dist/kubectl-nettools');
  execFileSync(binary, ['run', '-n', NAMESPACE, 'target', '--', 'true'], { env, stdio: 'ignore' });
  // kubectl execs into the very container that the session made.
  const name = 'jsonpath={.spec.ephemeralContainers[0].name}';
  const container = kubectl(['get', 'pod', 'target', '-o', name]);
  const table = new Table({
    head: [
      'command',
      'target',
      'result',
      'this build: s (CPU)',
      'old build',
      'least Node program',
      'kubectl',
    ],
    style: { head: [], border: [] },
  });
  for (const row of rowsFor(container).filter(({ name: title }) => title.includes(flags.rows))) {
    await provide(row.needs);
    const result = await cells(row);
    table.push(result);
    // A row takes up to a minute: what is known is not lost with a later one that fails.
    process.stderr.write(`${result.join(' | ')}\n`);
  }
  console.log('medians of wall time, and of CPU time of the whole pipe in brackets');
  console.log(table.toString());
} finally {
  kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  rmSync(folder, { recursive: true, force: true });
}
