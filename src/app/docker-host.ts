/** Reads the network of a Docker engine's host while a container of it is looked at. */
import type { DockerInput } from '../checks/docker/facts.ts';
import { asHostEvidence, HOST_AFTER, HOST_BEFORE } from '../checks/docker/host-plan.ts';
import type { DockerClient } from '../docker/client.ts';
import type { SessionFlags } from '../model/args.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Evidence } from '../model/evidence.ts';
import { gather } from '../probes/gather.ts';
import { openDockerHost } from '../targets/docker.ts';
import type { Beside } from './company.ts';
import { imageFor } from './image.ts';

/**
 * Runs `work`, and adds to the docker check's evidence what the host's rules, counters and interfaces were before it
 * and after it. They are read by a second container, in the host's network, which is removed again: the one way that
 * leads to the right namespace wherever the engine runs (here, on another machine, in Docker Desktop's virtual one),
 * with tools that are known.
 */
export async function withDockerHost(
  input: DockerInput,
  { context, progress }: Beside,
  work: () => Promise<Bundle>,
): Promise<Bundle> {
  const { docker } = context.subject;
  // Only a bridge has its other side on the host.
  if (!docker || !input.networks.some(({ driver }) => driver === 'bridge')) return work();
  const { session: flags } = context.args;
  const unseen = unseenHost(docker.client, flags);
  if (unseen !== undefined) return withInput(await work(), { ...input, unseenHost: unseen }, {});
  progress.show("reading the Docker host's rules");
  const limit = AbortSignal.timeout(flags.timeoutMs);
  const signal = AbortSignal.any([context.signal, limit]);
  const late = `the container in the host's network did not answer within ${flags.timeoutMs / 1000} s`;
  let host: Awaited<ReturnType<typeof openDockerHost>> | undefined;
  try {
    let before: Evidence;
    try {
      host = await openDockerHost(docker.client, docker.container, flags, imageFor(flags), signal);
      before = await gather(host.channel, HOST_BEFORE, { signal });
    } catch (error) {
      context.signal.throwIfAborted();
      return withInput(await work(), { ...input, unseenHost: limit.aborted ? late : reasonOf(error) }, {});
    }
    const bundle = await work();
    progress.show("reading the Docker host's rules again");
    try {
      const after = await gather(host.channel, HOST_AFTER, { signal: context.signal });
      return withInput(bundle, input, asHostEvidence({ ...before, ...after }));
    } catch (error) {
      context.signal.throwIfAborted();
      return withInput(bundle, { ...input, unseenHost: reasonOf(error) }, {});
    }
  } finally {
    await host?.close();
  }
}

/** Why the host's side is not even tried; `undefined`: it is. */
export function unseenHost({ isPodman }: DockerClient, { profile }: SessionFlags): string | undefined {
  if (isPodman) return 'podman keeps its rules otherwise than Docker, and they are not read yet';
  return profile === 'restricted' || profile === 'baseline'
    ? `reading the host's rules needs NET_ADMIN, which --profile ${profile} does not give`
    : undefined;
}

function withInput(bundle: Bundle, input: DockerInput, evidence: Evidence): Bundle {
  const checks = bundle.checks.map((check) =>
    check.id === 'docker' ? { ...check, input, evidence: { ...check.evidence, ...evidence } } : check,
  );
  return { ...bundle, checks };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
