/**
 * What a thousand pods cost the client: one real pod is diagnosed and recorded, a thousand others give the same again, with
 * the same waits. What it prints is the client's CPU, memory and requests for each target, and how long it took. It needs the
 * test cluster and the built binary. `--count N` takes another number, `--parallel N` another concurrency.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apiPort, kubeconfig, kubectlPath } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';
import { Crowd } from '../servers/crowd.ts';
import { binary, measuredClient } from './client.ts';

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
  execFileSync(binary, ['run', '-n', NAMESPACE, 'real', '--image', IMAGE, '--', 'true'], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  const words = ['diagnose', '--image', IMAGE, '-o', 'json'];
  const one = await measuredClient([...words, 'real'], env);
  const before = { ...crowd.counts };
  const all = await measuredClient(
    [...words, '-l', 'app=crowd', '--all', '--yes', '--parallel', flags.parallel],
    env,
  );
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
