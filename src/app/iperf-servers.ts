/** iperf3 servers in pods that a throughput check asks for: each lives for one test and never longer than its run. */
import { TextOutput } from '../channels/output.ts';
import { podsPath } from '../kube/paths.ts';
import type { Pod } from '../kube/types.ts';
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import { openPodSession } from '../targets/pod.ts';
import { imageFor } from './image.ts';
import type { InputContext } from './inputs/context.ts';
import type { Progress } from './progress.ts';

/** iperf3's own port. */
const PORT = '5201';
/** Of the server's start; it opens a socket and says so. */
const START_LIMIT_MS = 10_000;

/** `pod/NAME` without a port: nobody says that a server is there. */
export function needsServer({ pod, service, label }: Destination): boolean {
  return pod !== undefined && service === undefined && !label.includes(':');
}

/** The destination with the port of the server that it gets. */
export function withServerPort(destination: Destination): Destination {
  return needsServer(destination) ? { ...destination, port: PORT, anyPort: false } : destination;
}

/**
 * Runs `work` while an iperf3 server waits in each pod that needs one; they are gone when it returns or throws.
 * @throws {UserError} exit 3: a pod admits no session, has no iperf3, or its port is taken
 */
export async function withIperfServers<T>(
  context: InputContext,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const running: Promise<void>[] = [];
  try {
    for (const destination of context.asked.filter(needsServer)) {
      progress.show(`starting iperf3 in ${destination.label}`);
      const server = await startServer(destination, context, end.signal);
      running.push(server.ended);
    }
    return await work();
  } finally {
    end.abort(new Error('the test is over'));
    // The channel has then told the far side, which ends what it runs; nothing here waits for that.
    await Promise.all(running);
  }
}

/** Resolves when it listens. */
async function startServer(
  { label, pod }: Destination,
  context: InputContext,
  end: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const { args, subject } = context;
  const { client } = subject;
  if (!client || !pod) throw new UserError(`${label} is no pod of a cluster.`, 2);
  const signal = AbortSignal.any([context.signal, end]);
  const found = await client.get<Pod>(podsPath(pod.namespace, pod.name), { signal });
  // -c names a container of the target, not of this pod.
  const { container: _target, ...flags } = args.session;
  const session = await openPodSession(client, found, flags, imageFor(flags), {
    signal,
    onProgress: () => undefined,
  });
  const seconds = Math.ceil((args.throughput?.durationMs ?? 0) / 1000);
  const limit = Math.ceil(args.session.timeoutMs / 1000) + 2 * args.to.length * (seconds + 5);
  const command = ['timeout', String(limit), 'iperf3', '-s', '-1', '-p', PORT, '--forceflush'];
  let listens: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    listens = resolve;
  });
  const output = new TextOutput(4096, (text) => {
    if (text.includes('Server listening')) listens();
  });
  const ended = session.channel.run(command, { stdout: output, stderr: output, signal }).then(
    () => undefined,
    () => undefined,
  );
  const late = new Promise<'late'>((resolve) => {
    setTimeout(() => resolve('late'), START_LIMIT_MS).unref();
  });
  const outcome = await Promise.race([ready.then(() => 'ready'), ended.then(() => 'ended'), late]);
  context.signal.throwIfAborted();
  if (outcome === 'ready') return { ended };
  const words = output.text.trim().split('\n').at(-1) ?? '';
  // timeout, as coreutils and busybox word it.
  const isMissing = /iperf3.*No such file|iperf3.*not found/.test(words);
  const reason = isMissing
    ? 'its session has no such tool'
    : words.replace(/^iperf3: /, '') || 'it does not start';
  throw new UserError(`iperf3 in ${label}: ${reason}.`, 3, {
    hint: 'To use a server that runs there already, name its port: --to pod/NAME:PORT.',
  });
}
