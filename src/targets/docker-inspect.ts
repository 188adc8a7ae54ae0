/** The container that is the target, as the daemon shows it. */
import type { DockerClient } from '../docker/client.ts';
import { containerName } from '../docker/container.ts';
import { DockerApiError } from '../docker/errors.ts';
import type { DockerContainer, DockerListed } from '../docker/types.ts';
import { UserError } from '../model/errors.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { SESSION_LABEL } from './docker-container.ts';

/**
 * Reads the target and makes sure that its network can be joined.
 * @param name a container's name, or its id or the beginning of it
 * @throws {UserError} exit 3: no such container, not running, or not one of Linux
 */
export async function dockerTarget(
  client: DockerClient,
  name: string,
  signal?: AbortSignal,
): Promise<DockerContainer> {
  if (client.osType === 'windows') {
    throw new UserError(`the Docker daemon at ${client.host.name} runs Windows containers.`, 3, {
      hint: 'The tools need Linux; switch Docker Desktop to Linux containers.',
    });
  }
  const container = await readContainer(client, name, signal);
  const { Status, Running, Restarting, ExitCode, Error: failure } = container.State;
  if (Restarting) {
    throw new UserError(
      `container "${name}" keeps restarting (it last ended with exit code ${ExitCode}).`,
      3,
      {
        hint: `It has no network between restarts; docker logs ${name} shows why it ends.`,
      },
    );
  }
  if (!Running) {
    const how = Status === 'exited' ? `it ended with exit code ${ExitCode}` : `it is ${Status}`;
    // Such as a port to publish that another program has.
    const why = failure ? `, and could not be started: ${withoutFullStop(failure.trim())}` : '';
    throw new UserError(`container "${name}" is not running: ${how}${why}.`, 3, {
      hint: `Only a running container has a network: docker start ${name}.`,
    });
  }
  return container;
}

/** @throws {UserError} exit 3: no such container */
export async function readContainer(
  client: DockerClient,
  name: string,
  signal: AbortSignal | undefined,
): Promise<DockerContainer> {
  try {
    return await client.get(`/containers/${encodeURIComponent(name)}/json`, { signal });
  } catch (error) {
    if (!(error instanceof DockerApiError && error.status === 404)) throw error;
    const running = await client.get<DockerListed[]>('/containers/json', { signal });
    const others = running.filter(({ Labels }) => Labels?.[SESSION_LABEL] === undefined);
    const nameOf = ({ Names, Id }: DockerListed): string => Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12);
    const names = others.map(nameOf);
    const ofService = others.filter(({ Labels }) => Labels?.['com.docker.compose.service'] === name);
    const hint =
      ofService.length > 0
        ? `It is a service of Compose, which runs as ${ofService.map((one) => `docker://${nameOf(one)}`).join(', ')}.`
        : names.length === 0
          ? 'No container runs there.'
          : `These run there: ${names.join(', ')}.`;
    throw new UserError(`there is no container "${name}" on the Docker daemon at ${client.host.name}.`, 3, {
      hint,
    });
  }
}

/** The addresses on all its networks, IPv4 first. */
export function dockerAddresses({ NetworkSettings }: DockerContainer): string[] {
  const endpoints = Object.values(NetworkSettings.Networks ?? {});
  return [
    ...endpoints.map(({ IPAddress }) => IPAddress),
    ...endpoints.map(({ GlobalIPv6Address }) => GlobalIPv6Address),
  ].filter((address) => address !== '');
}

/** Whether the container has no network of its own but that of the Docker host. */
export function isOnHostNetwork({ HostConfig }: DockerContainer): boolean {
  return HostConfig.NetworkMode === 'host';
}

/** What is special about the target's network. */
export function dockerNotes(target: DockerContainer): string[] {
  const { State, HostConfig } = target;
  const name = containerName(target);
  const notes: string[] = [];
  if (State.Paused)
    notes.push(`container "${name}" is paused: its processes answer nothing until docker unpause`);
  if (isOnHostNetwork(target))
    notes.push(`container "${name}" uses the Docker host's own network: what is seen here is the host's`);
  if (HostConfig.NetworkMode === 'none')
    notes.push(
      `container "${name}" has network mode none: it has only loopback, unless something added more`,
    );
  const other = /^container:(.+)$/.exec(HostConfig.NetworkMode)?.[1];
  if (other !== undefined)
    notes.push(`container "${name}" shares the network of container ${other.slice(0, 12)}`);
  return notes;
}
