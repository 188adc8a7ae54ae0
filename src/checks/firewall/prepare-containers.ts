/** What the Docker engine of this machine says of ports on which the machine itself does not listen. */
import { hostname, networkInterfaces } from 'node:os';
import type { Subject } from '../../cluster/subject.ts';
import { within } from '../../cluster/within.ts';
import { DockerClient } from '../../docker/client.ts';
import { findDockerHost } from '../../docker/host.ts';
import { type AskedPort, isListenedOn, portOwners } from '../../docker/port-owners.ts';
import type { ContainerPort } from '../../model/container-port.ts';
import type { Destination } from '../../model/destination.ts';

/** An engine is not waited for longer: it answers for a machine that nobody said has one. */
const ENGINE_LIMIT_MS = 2000;

/** By the id of a DEST that is this machine: the containers that have its port. Empty where there is no engine to ask. */
export async function containersAt(
  { engine }: Subject,
  asked: readonly Destination[],
  signal: AbortSignal,
): Promise<Record<string, ContainerPort[]>> {
  if (engine === undefined) return {};
  const own = asked.flatMap((one): (AskedPort & { readonly id: string })[] => {
    const { id, host, port, protocol, anyPort } = one;
    const isNumber = /^\d+$/.test(port);
    return isThisMachine(host) && !anyPort && isNumber ? [{ id, port: Number(port), protocol }] : [];
  });
  const silent = await Promise.all(own.map(async (one) => ((await isListenedOn(one)) ? [] : [one])));
  const free = silent.flat();
  if (free.length === 0) return {};
  const owners = await within(ENGINE_LIMIT_MS, ask(engine, free, signal)).catch(() => {
    // There is none, this user may not ask it, or it refuses: nobody said that there should be one.
    signal.throwIfAborted();
    return undefined;
  });
  return Object.fromEntries(
    free.flatMap(({ id }, i) => {
      const found = owners?.[i] ?? [];
      return found.length === 0 ? [] : [[id, found]];
    }),
  );
}

function isThisMachine(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === hostname().toLowerCase() || /^127\./.test(name)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === name));
}

async function ask(
  engine: NonNullable<Subject['engine']>,
  ports: readonly AskedPort[],
  signal: AbortSignal,
): Promise<ContainerPort[][] | undefined> {
  // Ports of an engine on another machine are that machine's.
  if (findDockerHost(engine).kind !== 'socket') return undefined;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ENGINE_LIMIT_MS)]);
  const client = await DockerClient.connect(engine, limit);
  try {
    return await portOwners(client, ports, limit);
  } finally {
    client.close();
  }
}
