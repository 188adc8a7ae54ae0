/** Faults in a pod's own network namespace, made from its helper container and always taken away again. */
import type { TestNamespace } from '../e2e/support/cluster.ts';

/** How a fault is put in place; resolves to how it is removed. */
export type Fault = () => Promise<() => Promise<unknown>>;

/** Runs `work` while the faults are there, the last one first to go. */
export async function withFaults<T>(faults: readonly Fault[], work: () => Promise<T>): Promise<T> {
  const [first, ...rest] = faults;
  if (!first) return work();
  const remove = await first();
  try {
    return await withFaults(rest, work);
  } finally {
    await remove();
  }
}

/** Drops what matches an nft expression, on the pod's way in. */
export function drop(ns: TestNamespace, pod: string, match: string): Fault {
  return async () => {
    const table = `table inet fault { chain in { type filter hook input priority 0; ${match} counter drop; }; }`;
    await ns.help(pod, 'nft', table);
    return () => ns.help(pod, 'nft', 'delete', 'table', 'inet', 'fault');
  };
}

/**
 * Limits the pod's way out to 2 Mbit/s, with a queue that holds more than anybody sends in the tests: delay without
 * loss, once something fills it.
 */
export function narrow(ns: TestNamespace, pod: string): Fault {
  return async () => {
    const limit = ['root', 'tbf', 'rate', '2mbit', 'burst', '4kb', 'limit', '400kb'];
    await ns.help(pod, 'tc', 'qdisc', 'replace', 'dev', 'eth0', ...limit);
    return () => ns.help(pod, 'tc', 'qdisc', 'delete', 'dev', 'eth0', 'root');
  };
}

/** Lets socat send from the pod; whatever happens, it ends by itself after two minutes. */
function sending(ns: TestNamespace, pod: string, command: string): Fault {
  return async () => {
    await ns.help(pod, 'sh', '-c', `(timeout 120 ${command}) </dev/null >/dev/null 2>&1 &`);
    return () => ns.help(pod, 'sh', '-c', 'pkill -x socat; pkill -x timeout; :');
  };
}

/** An upload as fast as the way allows; the send buffer bounds how much of it can wait in a queue. */
export function upload(ns: TestNamespace, pod: string, to: string, bufferBytes: number): Fault {
  return sending(ns, pod, `socat -u /dev/zero TCP:${to},sndbuf=${bufferBytes}`);
}

/** A steady flow of about 1 MB/s in small pieces. */
export function trickle(ns: TestNamespace, pod: string, to: string): Fault {
  const pieces = 'while :; do head -c 20000 /dev/zero || exit; sleep 0.02; done';
  return sending(ns, pod, `sh -c '(${pieces}) | socat -u - TCP:${to}'`);
}
