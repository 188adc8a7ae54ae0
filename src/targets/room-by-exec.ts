/**
 * How much memory a pod has left, asked of its containers themselves: by an exec in each of them, which is charged to the
 * pod, but takes a tenth of what a session has to find free.
 */
import { BareExecChannel } from '../channels/bare-exec.ts';
import { discard, TextOutput } from '../channels/output.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../model/kube-objects.ts';
import { identityOf } from './identity.ts';
import { ROOM_LIMIT_MS, type Room } from './room.ts';

/** A container's own memory cgroup: by version 2, then by version 1. What is not there cat leaves out. */
const FILES = ['memory.current', 'memory.stat', 'memory/memory.usage_in_bytes', 'memory/memory.stat'];
/** In characters; real ones have two thousand. */
const MAX_FILES = 65_536;

/**
 * @param room what the API said
 * @returns the same where the containers do not tell; never rejects
 */
export async function readRoomByExec(
  client: KubeClient,
  pod: Pod,
  room: Exclude<Room, { readonly kind: 'unlimited' }>,
  signal?: AbortSignal,
): Promise<Room> {
  const limit = AbortSignal.any([AbortSignal.timeout(ROOM_LIMIT_MS), ...(signal ? [signal] : [])]);
  const all = await Promise.all(
    runningContainers(pod).map((name) => askContainer(client, pod, name, limit).catch(() => undefined)),
  );
  const told = all.filter((bytes) => bytes !== undefined);
  if (told.length > 0 && told.length === all.length) {
    const usedBytes = told.reduce((sum, bytes) => sum + bytes, 0);
    return { kind: 'known', limitBytes: room.limitBytes, usedBytes };
  }
  return room.kind === 'known' ? room : { ...room, reason: `${room.reason}, and its containers do not say` };
}

/** Ephemeral ones too. */
function runningContainers({ status }: Pod): string[] {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.filter(({ state }) => state?.running !== undefined).map(({ name }) => name);
}

async function askContainer(
  client: KubeClient,
  pod: Pod,
  container: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { namespace, name } = identityOf(pod);
  const command = ['cat', ...FILES.map((file) => `/sys/fs/cgroup/${file}`)];
  const stdout = new TextOutput(MAX_FILES);
  const channel = new BareExecChannel(client, { namespace, pod: name, container });
  await channel.run(command, { stdout, stderr: discard(), signal });
  return usedByCgroup(stdout.text);
}

/** What a container's cgroup says: its usage without the file cache, all of which the kernel can take back. Pure. */
export function usedByCgroup(files: string): number | undefined {
  const [first = '', ...lines] = files.split('\n');
  if (!/^\d+$/.test(first)) return undefined;
  const stat = new Map(lines.map((line) => line.split(' ', 2) as [string, string]));
  const [active, inactive] = ['active_file', 'inactive_file'].map((key) =>
    Number(stat.get(key) ?? Number.NaN),
  );
  const used = Number(first) - (active ?? 0) - (inactive ?? 0);
  return Number.isNaN(used) ? undefined : Math.max(0, used);
}
