/**
 * What a thousand pods cost the client: one real pod is diagnosed and recorded, a thousand others give the same again, with
 * the same waits. What it prints is the client's CPU, memory and requests for each target, and how long it took. It needs the
 * test cluster and the built binary. `--count N` takes another number, `--parallel N` another concurrency.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apiPort, kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';
import { peakMb } from '../e2e/support/memory.ts';
import { Crowd } from '../servers/crowd.ts';

const NAMESPACE = `nettools-bench-crowd-${process.pid}`;
const IMAGE = 'localhost/nettools:dev';
const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, parallel: { type: 'string', default: '8' } },
});
const folder = mkdtempSync(join(tmpdir(), 'nettools-crowd-'));
const config = join(folder, 'kubeconfig');
const env = { ...process.env, KUBECONFIG: config };

const kubectl = (...args: string[]): string =>
  execFileSync(kubectlPath(), ['--kubeconfig', kubeconfig, '-n', NAMESPACE, ...args], { encoding: 'utf8' });

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly seconds: number;
  /** Of the client, user and system. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

/** The client, with what it takes of this machine. */
async function nettools(...words: readonly string[]): Promise<Run> {
  const times = join(folder, 'times');
  const script = `TIMEFORMAT='%U %S'; { time "$0" "$@" 2>&3; } 3>&2 2>"${times}"`;
  const began = performance.now();
  const client = spawn('bash', ['-c', script, join(repoDir, 'dist/kubectl-nettools'), ...words], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  client.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, peakOfChildren(client.pid));
  }, 100);
  const code = await new Promise<number | null>((resolve) => client.on('close', resolve));
  clearInterval(timer);
  const [user = 0, system = 0] = readFileSync(times, 'utf8').trim().split(' ').map(Number);
  return {
    code,
    stdout: Buffer.concat(chunks).toString(),
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: user + system,
    peakMb: most,
  };
}

/** Of the shell's only child. */
function peakOfChildren(pid: number | undefined): number {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    return child ? peakMb({ pid: child } as Parameters<typeof peakMb>[0]) || 0 : 0;
  } catch {
    return 0;
  }
}

const count = Number(flags.count);
execFileSync(kubectlPath(), ['--kubeconfig', kubeconfig, 'create', 'namespace', NAMESPACE]);
const behind = {
  port: apiPort,
  ca: readFileSync(certificate('ca')),
  cert: readFileSync(certificate('admin')),
  key: readFileSync(privateKey('admin')),
};
const crowd = await Crowd.start(behind, { namespace: NAMESPACE, pod: 'real', count });
try {
  const named = { name: 'crowd' };
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ ...named, cluster: { server: crowd.url } }],
    users: [{ ...named, user: {} }],
    contexts: [{ ...named, context: { cluster: 'crowd', user: 'crowd', namespace: NAMESPACE } }],
    'current-context': 'crowd',
  };
  writeFileSync(config, JSON.stringify(document));
  const sleep = ['--image=localhost/app:1', '--image-pull-policy=Never', '--command', '--', 'sleep', '3600'];
  kubectl('run', 'real', ...sleep);
  kubectl('wait', 'pod/real', '--for=condition=Ready', '--timeout=60s');
  // Its container is there, so that what is recorded is a diagnosis and nothing else.
  execFileSync(
    join(repoDir, 'dist/kubectl-nettools'),
    ['run', '-n', NAMESPACE, 'real', '--image', IMAGE, '--', 'true'],
    {
      env: { ...process.env, KUBECONFIG: kubeconfig },
    },
  );
  const words = ['diagnose', '--image', IMAGE, '-o', 'json'];
  const one = await nettools(...words, 'real');
  const before = { ...crowd.counts };
  const all = await nettools(...words, '-l', 'app=crowd', '--all', '--yes', '--parallel', flags.parallel);
  const list = JSON.parse(all.stdout) as { items: object[]; failed: { reason: string }[] };
  const requests = crowd.counts.requests - before.requests;
  const msEach = ((all.cpuSeconds - one.cpuSeconds) / (count - 1)) * 1000;
  console.log(
    `one pod: ${one.seconds.toFixed(2)} s, ${one.cpuSeconds.toFixed(2)} s of CPU, exec ${(crowd.recordedMs / 1000).toFixed(2)} s`,
  );
  console.log(
    `${count} pods, ${flags.parallel} at once (${crowd.counts.atOnce} seen): ${all.seconds.toFixed(1)} s, ${list.items.length} reports, ${list.failed.length} failed`,
  );
  console.log(
    `the client: ${all.cpuSeconds.toFixed(1)} s of CPU, ${msEach.toFixed(1)} ms for each pod, ${all.peakMb.toFixed(0)} MB at the peak`,
  );
  console.log(
    `requests: ${requests} and ${crowd.counts.execs} execs, ${((requests + crowd.counts.execs) / count).toFixed(1)} for each pod`,
  );
  if (list.failed.length > 0) console.log(`the first failure: ${list.failed[0]?.reason}`);
} finally {
  crowd.close();
  rmSync(folder, { recursive: true, force: true });
  execFileSync(kubectlPath(), ['--kubeconfig', kubeconfig, 'delete', 'namespace', NAMESPACE, '--wait=false']);
}
