/** The Docker target: from a container's name to a channel into its network namespace, by a container beside it. */
import type { Channel } from '../channels/channel.ts';
import { DockerExecChannel } from '../channels/docker-exec.ts';
import type { DockerClient } from '../docker/client.ts';
import { containerName } from '../docker/container.ts';
import type { HostSources } from '../docker/host.ts';
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
} from './docker-container.ts';
import { ensureImage } from './docker-image.ts';
import { dockerAddresses, dockerNotes } from './docker-inspect.ts';
import { isOwnerGone, ownerLabel } from './docker-owner.ts';
import { listSessionContainers, removeContainer } from './docker-sessions.ts';
import { type Started, start } from './docker-start.ts';
import { RenewedChannel } from './renewed-channel.ts';
import type { OpenOptions, Session } from './session.ts';

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
