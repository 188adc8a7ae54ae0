/** What the engine says of containers beside the target: who answers to a name, and who shares a network. */
import type { DockerClient } from './client.ts';
import { containerName } from './container.ts';
import { DockerApiError } from './errors.ts';
import type { DockerContainer, DockerListed } from './types.ts';

/** An engine may run thousands; each is one request. */
const MOST_ASKED = 100;

/** One of the addresses that the engine's name server gives for a name. */
export interface NameHolder {
  readonly container: string;
  readonly network: string;
  readonly address: string;
  /** What it was made from: `project/service` of Compose, else its image. */
  readonly kind: string;
}

/** The container, or why there is none to see: it is not there, or the engine keeps it to itself. */
export async function inspect(
  client: DockerClient,
  id: string,
  signal: AbortSignal,
): Promise<DockerContainer | 'gone' | 'refused'> {
  return client
    .get<DockerContainer>(`/containers/${encodeURIComponent(id)}/json`, { signal })
    .catch((error: unknown) => {
      if (error instanceof DockerApiError) return error.status === 404 ? 'gone' : 'refused';
      throw error;
    });
}

async function inspectAll(
  client: DockerClient,
  listed: readonly DockerListed[],
  signal: AbortSignal,
): Promise<{ readonly one: DockerListed; readonly full: DockerContainer }[]> {
  const all = await Promise.all(
    listed.slice(0, MOST_ASKED).map(async (one) => ({ one, full: await inspect(client, one.Id, signal) })),
  );
  return all.flatMap(({ one, full }) => (typeof full === 'string' ? [] : [{ one, full }]));
}

/**
 * Who has a name, by network of the running containers: a container's own name, its short id, and its aliases there (of
 * `--network-alias`, and the service's name of Compose), which the list of containers does not have.
 * @param all the engine's list of containers
 */
export async function holdersOf(
  client: DockerClient,
  all: readonly DockerListed[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly NameHolder[]>> {
  const running = all.filter(({ State }) => State === 'running');
  const seen = names.length === 0 ? [] : await inspectAll(client, running, signal);
  return new Map(
    names.map((name) => [
      name,
      seen.flatMap(({ one, full }) =>
        Object.entries(full.NetworkSettings.Networks ?? {}).flatMap(([network, endpoint]): NameHolder[] => {
          const own = [
            containerName(full),
            full.Id.slice(0, 12),
            ...(endpoint.Aliases ?? []),
            ...(endpoint.DNSNames ?? []),
          ];
          const isIts = own.some((word) => word.toLowerCase() === name.toLowerCase());
          const address = endpoint.IPAddress || endpoint.GlobalIPv6Address;
          if (!isIts || address === '') return [];
          return [{ container: containerName(full), network, address, kind: kindOf(one) }];
        }),
      ),
    ]),
  );
}

function kindOf({ Labels, Image }: DockerListed): string {
  const [project, service] = ['project', 'service'].map((name) => Labels?.[`com.docker.compose.${name}`]);
  return project === undefined || service === undefined ? Image : `${project}/${service}`;
}

/**
 * The containers that run in a network namespace that their owner has no more: the engine makes a new one each time the
 * owner starts, and who shared the last one stays in it.
 */
export async function leftBehindOf(
  client: DockerClient,
  all: readonly DockerListed[],
  owner: DockerContainer,
  signal: AbortSignal,
): Promise<string[]> {
  // podman keeps the namespace.
  if (client.isPodman || !owner.State.Running) return [];
  const sharing = all.filter(
    ({ State, HostConfig }) => State === 'running' && HostConfig?.NetworkMode === `container:${owner.Id}`,
  );
  const seen = await inspectAll(client, sharing, signal);
  return seen.filter(({ full }) => isOlder(full, owner)).map(({ full }) => containerName(full));
}

/** Whether the one was started before the other was. */
export function isOlder(one: DockerContainer, other: DockerContainer): boolean {
  return Date.parse(one.State.StartedAt) < Date.parse(other.State.StartedAt);
}
