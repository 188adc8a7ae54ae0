/** Lists the containers that the tool has put beside others on a Docker engine, and removes them. */
import { DockerClient } from '../docker/client.ts';
import type { DockerListed } from '../docker/types.ts';
import type { Deadline } from '../open/deadline.ts';
import { dockerSources } from '../open/docker-target.ts';
import { SESSION_LABEL } from '../targets/docker-container.ts';
import { readContainer } from '../targets/docker-inspect.ts';
import { removeContainer } from '../targets/docker-sessions.ts';

/** A session's container as it is printed. */
export interface DockerSessionRow {
  /** The name of the container that is looked at; its id where it is gone. */
  readonly target: string;
  /** The first twelve digits of its own id. */
  readonly container: string;
  /** Whose network it is in: the target's, or the host's, whose rules `diagnose` reads. */
  readonly network: 'target' | 'host';
  readonly image: string;
  /** As Docker names it: `running`, `created`, `exited`, … */
  readonly state: string;
  /** RFC 3339. */
  readonly since: string;
}

/**
 * The sessions on the engine.
 * @param target a container's name, or its id or the beginning of it; absent: all
 * @throws {UserError} exit 3: there is no such container
 */
export function findDockerSessions(
  target: string | undefined,
  signal: AbortSignal,
): Promise<readonly DockerSessionRow[]> {
  return onEngine(async (client) => (await sessionsOf(client, target, signal)).map(({ row }) => row), signal);
}

/** Removes them, running or not. @throws {UserError} exit 3: no such container, or one was not gone in time */
export function stopDockerSessions(
  target: string | undefined,
  { signal, progress }: Deadline,
): Promise<readonly DockerSessionRow[]> {
  progress.show('looking for sessions');
  return onEngine(async (client) => {
    const found = await sessionsOf(client, target, signal);
    progress.show(`removing ${found.map(({ row }) => row.container).join(', ')}`);
    await Promise.all(found.map(({ listed }) => removeContainer(client, listed.Id, signal)));
    return found.map(({ row }) => row);
  }, signal);
}

async function onEngine<T>(work: (client: DockerClient) => Promise<T>, signal: AbortSignal): Promise<T> {
  const client = await DockerClient.connect(dockerSources(), signal);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

interface Found {
  readonly listed: DockerListed;
  readonly row: DockerSessionRow;
}

async function sessionsOf(
  client: DockerClient,
  target: string | undefined,
  signal: AbortSignal,
): Promise<Found[]> {
  // All, not the sessions alone: the names of those that are looked at are needed too.
  const [all, wanted] = await Promise.all([
    client.get<DockerListed[]>('/containers/json', { query: { all: '1' }, signal }),
    target === undefined ? undefined : readContainer(client, target, signal),
  ]);
  const names = new Map(all.map(({ Id, Names }) => [Id, Names[0]?.replace(/^\//, '')]));
  return all
    .filter(({ Labels }) => {
      const of = Labels?.[SESSION_LABEL];
      return of !== undefined && (wanted === undefined || of === wanted.Id);
    })
    .map((listed) => {
      const { Id, Image, State, Created, Labels, HostConfig } = listed;
      const of = Labels?.[SESSION_LABEL] ?? '';
      const row: DockerSessionRow = {
        target: names.get(of) ?? of.slice(0, 12),
        container: Id.slice(0, 12),
        network: HostConfig?.NetworkMode === 'host' ? 'host' : 'target',
        image: Image,
        state: State,
        since: new Date(Created * 1000).toISOString(),
      };
      return { listed, row };
    });
}
