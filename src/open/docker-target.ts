/** A Docker container as a target. */
import { homedir } from 'node:os';
import { DockerClient } from '../docker/client.ts';
import type { HostSources } from '../docker/host.ts';
import type { SessionFlags } from '../model/args.ts';
import { openDockerSession } from '../targets/docker.ts';
import { dockerAddresses, dockerTarget, isOnHostNetwork } from '../targets/docker-inspect.ts';
import { type FoundTarget, refuseNetns } from './found-target.ts';
import { imageFor } from './image.ts';

/** Connects to the daemon and finds the container. @throws {UserError} exit 2 or 3 */
export async function findDocker(
  name: string,
  flags: SessionFlags,
  signal: AbortSignal,
): Promise<FoundTarget> {
  refuseNetns(flags.netns, "A container's own namespace needs no switch.");
  const sources = dockerSources();
  const client = await DockerClient.connect(sources, signal);
  const container = await dockerTarget(client, name, signal);
  return {
    subject: {
      isHost: isOnHostNetwork(container),
      addresses: dockerAddresses(container),
      docker: { client, container },
    },
    open: (options) => openDockerSession(client, container, flags, imageFor(flags), sources, options),
  };
}

/** What says which daemon is meant. */
export function dockerSources(): HostSources {
  return { env: process.env, homeDir: homedir(), platform: process.platform };
}
