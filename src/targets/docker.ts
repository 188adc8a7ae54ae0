/** The Docker target: from a container's name to a channel into its network namespace, by a container beside it. */
import type { Duplex } from 'node:stream';
import type { Channel } from '../channels/channel.ts';
import { DockerExecChannel } from '../channels/docker-exec.ts';
import type { DockerClient } from '../docker/client.ts';
import { containerName } from '../docker/container.ts';
import { DockerApiError, DockerUnreachableError } from '../docker/errors.ts';
import type { HostSources } from '../docker/host.ts';
import { parseImageName } from '../docker/image-name.ts';
import { hasImage, pullImage } from '../docker/pull.ts';
import { registryAuth } from '../docker/registry-auth.ts';
import type { DockerContainer, DockerListed } from '../docker/types.ts';
import type { SessionFlags } from '../model/args.ts';
import { FULL_BUDGET } from '../model/budget.ts';
import { UserError } from '../model/errors.ts';
import {
  type DockerSessionSpec,
  dockerContainerBody,
  findKept,
  hostContainerBody,
  isLeftOver,
  SESSION_LABEL,
} from './docker-container.ts';
import { isOwnerGone, ownerLabel } from './docker-owner.ts';
import { listSessionContainers, removeContainer } from './docker-sessions.ts';
import { RenewedChannel } from './renewed-channel.ts';
import type { OpenOptions, Session } from './session.ts';

/** How long the daemon may take to remove a session's container before the user is told that it did not. */
const REMOVAL_LIMIT_MS = 30_000;

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
      hint: 'The tools are those of Linux; switch Docker Desktop to Linux containers.',
    });
  }
  const container = await readContainer(client, name, signal);
  const { Status, Running, Restarting, ExitCode, Error: failure } = container.State;
  if (Restarting) {
    throw new UserError(
      `container "${name}" keeps restarting (it last ended with exit code ${ExitCode}).`,
      3,
      {
        hint: `It has no network between two starts; docker logs ${name} tells why it ends.`,
      },
    );
  }
  if (!Running) {
    const how = Status === 'exited' ? `it ended with exit code ${ExitCode}` : `it is ${Status}`;
    // Such as a port to publish that another program has.
    const why = failure ? `, and could not be started: ${failure.trim().replace(/\.$/, '')}` : '';
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
    const names = running
      .filter(({ Labels }) => Labels?.[SESSION_LABEL] === undefined)
      .map(({ Names, Id }) => Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12));
    throw new UserError(`there is no container "${name}" on the Docker daemon at ${client.host.name}.`, 3, {
      hint: names.length === 0 ? 'No container runs there.' : `These run there: ${names.join(', ')}.`,
    });
  }
}

/**
 * Opens the session: a container that joins the target's network namespace. It is removed when the session is closed,
 * when this process dies, and by the daemon when it has idled for too long; with `--keep` only then.
 * @throws {UserError} exit 2 or 3; whatever was made is gone again
 */
export async function openDockerSession(
  client: DockerClient,
  target: DockerContainer,
  flags: SessionFlags,
  image: string,
  sources: HostSources,
  options: OpenOptions,
): Promise<Session> {
  const spec = dockerSessionSpec(client, target, flags, image);
  const deadline = AbortSignal.timeout(flags.timeoutMs);
  const signal = AbortSignal.any([deadline, ...(options.signal ? [options.signal] : [])]);
  try {
    const listed = await sweep(client, signal);
    const kept = findKept(listed, target, spec);
    const open = async (): Promise<Started> => {
      await ensureImage(client, spec.image, flags, sources, { signal, onProgress: options.onProgress });
      options.onProgress('starting a container beside the target');
      return start(client, target, spec, dockerContainerBody(target, spec), signal);
    };
    if (!kept) return session(client, target, await open());
    const channel = new DockerExecChannel(client, kept.Id);
    let renewed: Started | undefined;
    // It may reach its idle time at this very moment.
    const renew = async (): Promise<Channel> => {
      renewed = await open();
      return renewed.channel;
    };
    return session(client, target, {
      channel: new RenewedChannel(channel, renew),
      close: async () => renewed?.close(),
    });
  } catch (error) {
    if (deadline.aborted && error === deadline.reason) {
      throw new UserError(
        `the container with image "${image}" did not start within ${flags.timeoutMs / 1000} s.`,
        3,
        { hint: 'A slow pull needs a longer --timeout.' },
      );
    }
    throw error;
  }
}

/** A way into the network of the machine that runs an engine. */
export interface DockerHostSession {
  readonly channel: Channel;
  /** Removes the container. */
  close(): Promise<void>;
}

/**
 * Opens the network of the engine's host, by a container that lives as long as this process wants. The image has to be
 * there, as it is once the target's own session is open.
 * @throws {UserError} exit 2 or 3; whatever was made is gone again
 */
export function openDockerHost(
  client: DockerClient,
  target: DockerContainer,
  flags: SessionFlags,
  image: string,
  signal: AbortSignal,
): Promise<DockerHostSession> {
  const spec = { ...dockerSessionSpec(client, target, flags, image), keep: false };
  return start(client, target, spec, hostContainerBody(target, spec), signal);
}

/** @throws {UserError} exit 2: flags that mean nothing for a Docker container */
export function dockerSessionSpec(
  client: DockerClient,
  target: DockerContainer,
  flags: SessionFlags,
  image: string,
): DockerSessionSpec {
  const name = containerName(target);
  if (flags.container !== undefined && flags.container !== name && !target.Id.startsWith(flags.container)) {
    throw new UserError(`-c names another container than the target: "${flags.container}".`, 2, {
      hint: `-c ${name} shares that container's processes too.`,
    });
  }
  return {
    image,
    // Docker has no admission that could refuse it.
    profile: flags.profile === 'auto' ? 'netadmin' : flags.profile,
    idleSeconds: Math.max(1, Math.ceil(flags.idleMs / 1000)),
    sharesProcesses: flags.container !== undefined,
    keep: flags.keep,
    // podman without root may lack the cgroup's controllers, and then refuses the container; Docker only warns.
    limited: !client.isPodman,
    owner: ownerLabel(),
  };
}

/** Removes what killed clients have left; returns the containers of all sessions. */
async function sweep(client: DockerClient, signal: AbortSignal): Promise<DockerListed[]> {
  const listed = await listSessionContainers(client, signal);
  const isDead = (one: DockerListed): boolean => isLeftOver(one, Date.now(), isOwnerGone);
  await Promise.all(
    listed.filter(isDead).map(({ Id }) => removeContainer(client, Id, signal).catch(() => undefined)),
  );
  return listed.filter((one) => !isDead(one));
}

async function ensureImage(
  client: DockerClient,
  image: string,
  flags: SessionFlags,
  sources: HostSources,
  options: { readonly signal: AbortSignal; readonly onProgress: (text: string) => void },
): Promise<void> {
  const { imagePullPolicy = 'IfNotPresent' } = flags;
  if (imagePullPolicy !== 'Always' && (await hasImage(client, image, options.signal))) return;
  if (imagePullPolicy === 'Never') {
    throw new UserError(
      `the Docker daemon has no image "${image}", and --image-pull-policy Never forbids to pull it.`,
      3,
    );
  }
  options.onProgress(`pulling image ${image}`);
  try {
    await pullImage(client, image, {
      auth: await registryAuth(parseImageName(image).registry, sources),
      signal: options.signal,
      onProgress: (text) => options.onProgress(`pulling image ${image}: ${text}`),
    });
  } catch (error) {
    if (!(error instanceof DockerApiError)) throw error;
    throw new UserError(`image "${image}" could not be pulled: ${error.message.replace(/\.$/, '')}.`, 3, {
      hint: /unauthorized|denied|authentication/i.test(error.message)
        ? `Does it exist, and has docker login been done for ${parseImageName(image).registry}?`
        : '--image names another one; docker load brings one without a registry.',
      cause: error,
    });
  }
}

interface Started {
  readonly channel: Channel;
  close(): Promise<void>;
}

/** Creates and starts the container. */
async function start(
  client: DockerClient,
  target: DockerContainer,
  spec: DockerSessionSpec,
  body: object,
  signal: AbortSignal,
): Promise<Started> {
  let id: string | undefined;
  let lifeline: Duplex | undefined;
  const close = async (): Promise<void> => {
    if (id !== undefined) await removeNow(client, id);
    lifeline?.destroy();
  };
  try {
    // Not to be aborted: the daemon would make the container all the same, and nobody would know of it.
    ({ Id: id } = await client.post<{ readonly Id: string }>('/containers/create', body));
    signal.throwIfAborted();
    if (!spec.keep) lifeline = await holdLifeline(client, id, signal);
    await client.post(`/containers/${id}/start`, undefined, { signal });
  } catch (error) {
    await close();
    if (!(error instanceof DockerApiError)) throw error;
    throw new UserError(
      `the container beside "${containerName(target)}" did not start: ${startFailure(error, spec)}.`,
      3,
      { cause: error },
    );
  }
  return {
    channel: new DockerExecChannel(client, id),
    close: spec.keep ? () => Promise.resolve() : close,
  };
}

/** Attaches to the container's stdin before it starts. The daemon ends that stdin when this process is gone. */
async function holdLifeline(client: DockerClient, id: string, signal: AbortSignal): Promise<Duplex> {
  const query = { stream: '1', stdin: '1' };
  const { socket } = await client.hijack(`/containers/${id}/attach`, undefined, { query, signal });
  // Nothing is ever said on it, and it must not keep this process alive.
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

function startFailure({ message }: DockerApiError, { image }: DockerSessionSpec): string {
  const text = message.trim().replace(/\.$/, '');
  if (/exec: "sh": executable file not found/.test(text)) return `image "${image}" has no shell (sh)`;
  if (/exec format error/.test(text)) return `image "${image}" is for another processor architecture`;
  return text;
}

/** Removes the container. It is no error that it cannot be: the work itself is done, and so it is told on stderr. */
async function removeNow(client: DockerClient, id: string): Promise<void> {
  try {
    await removeContainer(client, id, AbortSignal.timeout(REMOVAL_LIMIT_MS));
  } catch (error) {
    // Whoever worked with it has been told; the daemon, when it is there again, or the container's idle time removes it.
    if (error instanceof DockerUnreachableError) return;
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    process.stderr.write(`warning: container ${id.slice(0, 12)} could not be removed: ${reason}.\n`);
  }
}

function session(client: DockerClient, target: DockerContainer, started: Started): Session {
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await started.close();
    client.close();
  };
  return {
    channel: started.channel,
    info: { kind: 'docker', name: containerName(target), address: dockerAddresses(target)[0] ?? '' },
    // The container has a cgroup of its own: what runs in it is not charged to the target.
    budget: FULL_BUDGET,
    notes: dockerNotes(target),
    close() {
      closing ??= close();
      return closing;
    },
  };
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
      `container "${name}" has network mode none: it has loopback alone, unless somebody added more`,
    );
  const other = /^container:(.+)$/.exec(HostConfig.NetworkMode)?.[1];
  if (other !== undefined)
    notes.push(`container "${name}" shares the network of container ${other.slice(0, 12)}`);
  return notes;
}
