/** iperf3 servers in pods that a throughput check asks for: each lives for one test and never longer than its run. */
import { optionsIn } from '../checks/shared/about.ts';
import about from '../checks/throughput/about.ts';
import type { ThroughputInput } from '../checks/throughput/facts.ts';
import { needsServer, PORT } from '../checks/throughput/server-port.ts';
import { podsPath } from '../kube/paths.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { type BackgroundCommand, NotReadyError, startInBackground } from './background.ts';
import type { Beside } from './company.ts';
import { openPod } from './pod-target.ts';

/**
 * Runs `work` while an iperf3 server waits in each pod that needs one; they are gone when it returns or throws.
 * @throws {UserError} exit 3: a pod admits no session, has no iperf3, or its port is taken
 */
export async function withIperfServers(
  { destinations }: ThroughputInput,
  beside: Beside,
  work: () => Promise<Bundle>,
): Promise<Bundle> {
  const running: Pick<BackgroundCommand, 'stop'>[] = [];
  try {
    for (const destination of destinations.filter(needsServer)) {
      beside.progress.show(`starting iperf3 in ${destination.label}`);
      running.push(await startServer(destination, beside));
    }
    return await work();
  } finally {
    await Promise.all(running.map((server) => server.stop()));
  }
}

/** Resolves when it listens. */
async function startServer(
  { label, pod }: Destination,
  { context: { args, signal }, client }: Beside,
): Promise<Pick<BackgroundCommand, 'stop'>> {
  if (!client || !pod) throw new UserError(`${label} is not a pod in the cluster.`, 2);
  // As it is now: this run may have added a container to it.
  const found = await client.get<Pod>(podsPath(pod.namespace, pod.name), { signal });
  // -c names a container of the target, not of this pod.
  const { container: _target, ...flags } = args.session;
  const session = await openPod(client, found, flags, { signal, onProgress: () => undefined });
  const seconds = Math.ceil((optionsIn(args, about)?.durationMs ?? 0) / 1000);
  const limit = Math.ceil(args.session.timeoutMs / 1000) + 2 * args.to.length * (seconds + 5);
  const command = ['timeout', String(limit), 'iperf3', '-s', '-1', '-p', PORT, '--forceflush'];
  try {
    const server = await startInBackground(session.channel, command, 'Server listening', signal);
    return { stop: () => server.stop().finally(() => session.close()) };
  } catch (error) {
    await session.close();
    signal.throwIfAborted();
    const words = error instanceof NotReadyError ? error.lastWords : '';
    // timeout, as coreutils and busybox word it.
    const isMissing = /iperf3.*No such file|iperf3.*not found/.test(words);
    const reason = isMissing
      ? 'its session has no such tool'
      : words.replace(/^iperf3: /, '') || 'it does not start';
    throw new UserError(`iperf3 in ${label}: ${reason}.`, 3, {
      cause: error,
      hint: 'To use a server that runs there already, name its port: --to pod/NAME:PORT.',
    });
  }
}
