/**
 * Where a warm `run POD -- true` spends its time, as the text flame of docs/performance.md: the client's CPU and the time by
 * the wall from each point to the next, medians of `--runs N` (default 20). The bundles and their code caches run under the
 * Node that is in the binary; the preload that sees the points (flame-points.cjs) costs a little of its own. Needs the
 * test cluster with the image of this build.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildInfo } from '../../scripts/build/build-info.ts';
import { bundleNames, writeBundles } from '../../scripts/build/bundle.ts';
import { kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';

const NAMESPACE = `nettools-bench-flame-${process.pid}`;
const IMAGE = 'localhost/nettools:dev';
const WIDTH = 60;
/** Where the preload writes. */
const POINTS_FD = 9;
const { values: flags } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const env: NodeJS.ProcessEnv = { ...process.env, KUBECONFIG: kubeconfig, KUBECTL_NETTOOLS_IMAGE: IMAGE };
delete env['NODE_EXTRA_CA_CERTS'];

/** What had been taken when a point was reached, since the process began. */
interface Point {
  readonly name: string;
  readonly cpuMs: number;
  readonly wallMs: number;
}

const folder = mkdtempSync(join(tmpdir(), 'nettools-flame-'));
const kubectl = (...args: readonly string[]): void => {
  execFileSync(kubectlPath(), ['-n', NAMESPACE, ...args], { env, stdio: 'ignore' });
};

/** As the build makes them, but for the executable around them. */
async function prepare(): Promise<void> {
  await writeBundles(folder, await buildInfo());
  const caches = ['--random-seed=1', 'scripts/build/code-cache.ts'];
  const files = bundleNames.map((name) => join(folder, `${name}.js`));
  execFileSync(process.execPath, [...caches, ...files], { cwd: repoDir, env: {} });
}

function runOnce(): Point[] {
  const points = join(folder, 'points.json');
  const node = ['--use-openssl-ca', '--require', join(import.meta.dirname, 'flame-points.cjs')];
  const words = [join(folder, 'main.js'), 'run', '-n', NAMESPACE, 'target', '--', 'true'];
  const script = `exec "$@" </dev/null ${POINTS_FD}>"$POINTS"`;
  const ran = spawnSync('bash', ['-c', script, 'flame', process.execPath, ...node, ...words], {
    env: { ...env, POINTS: points },
    encoding: 'utf8',
  });
  if (ran.status !== 0) throw new Error(`the run ended with ${ran.status}: ${ran.stderr}`);
  return JSON.parse(readFileSync(points, 'utf8')) as Point[];
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Pieces of an answer may come together: a run that had its points in another order than the first one is left out. */
function print(all: readonly Point[][]): void {
  const names = all[0]?.map(({ name }) => name) ?? [];
  const order = names.join();
  const runs = all.filter((points) => points.map(({ name }) => name).join() === order);
  const parts = names.map((name, i) => {
    const taken = (what: 'cpuMs' | 'wallMs'): number =>
      median(runs.map((points) => (points[i]?.[what] ?? Number.NaN) - (points[i - 1]?.[what] ?? 0)));
    return { name, cpu: taken('cpuMs'), wall: taken('wallMs') };
  });
  const scale = WIDTH / parts.reduce((sum, { cpu }) => sum + cpu, 0);
  console.log(
    `${''.padEnd(34)}${'CPU'.padStart(6)}${'wall'.padStart(6)}  ms, medians of ${runs.length} runs`,
  );
  let before = 0;
  for (const { name, cpu, wall } of parts) {
    const bar = '.'.repeat(Math.round(before * scale)) + '#'.repeat(Math.max(1, Math.round(cpu * scale)));
    console.log(`${name.padEnd(34)}${cpu.toFixed(1).padStart(6)}${wall.toFixed(0).padStart(6)}  ${bar}`);
    before += cpu;
  }
}

kubectl('create', 'namespace', NAMESPACE);
try {
  await prepare();
  const pod = ['--image=localhost/app:1', '--image-pull-policy=Never', '--command', '--', 'sleep', '3600'];
  kubectl('run', 'target', ...pod);
  kubectl('wait', 'pod/target', '--for=condition=Ready', '--timeout=60s');
  // The first one makes the container.
  runOnce();
  print(Array.from({ length: Number(flags.runs) }, runOnce));
} finally {
  kubectl('delete', 'namespace', NAMESPACE, '--wait=false');
  rmSync(folder, { recursive: true, force: true });
}
