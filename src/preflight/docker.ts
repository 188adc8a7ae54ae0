/** What the tool may do to look at a Docker container, found out without doing it. */

import { withoutRights } from '../checks/docker/unseen-host.ts';
import { DockerClient } from '../docker/client.ts';
import { DockerApiError } from '../docker/errors.ts';
import { parseImageName } from '../docker/image-name.ts';
import { hasImage } from '../docker/pull.ts';
import { registryAuth } from '../docker/registry-auth.ts';
import type { DockerContainer, DockerInfo, DockerVersion } from '../docker/types.ts';
import type { SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { dockerSources } from '../open/docker-target.ts';
import { imageFor } from '../open/image.ts';
import { dockerSessionSpec } from '../targets/docker.ts';
import { findKept, isLeftOver, SESSION_LABEL } from '../targets/docker-container.ts';
import { dockerNotes, dockerTarget } from '../targets/docker-inspect.ts';
import { isOwnerGone } from '../targets/docker-owner.ts';
import { listSessionContainers } from '../targets/docker-sessions.ts';
import { PROFILE_TEXT } from '../targets/profiles.ts';
import type { PreflightItem, PreflightReport } from './report.ts';

/** @throws {UserError} exit 2 or 3: no engine answers, or flags that mean nothing for a Docker container */
export async function dockerPreflightReport(
  name: string,
  flags: SessionFlags,
  signal: AbortSignal,
): Promise<PreflightReport> {
  const client = await DockerClient.connect(dockerSources(), signal);
  try {
    return await report(client, name, flags, signal);
  } finally {
    client.close();
  }
}

async function report(
  client: DockerClient,
  name: string,
  flags: SessionFlags,
  signal: AbortSignal,
): Promise<PreflightReport> {
  const image = imageFor(flags);
  const [engine, found, pulled] = await Promise.all([
    engineItems(client, signal),
    targetOf(client, name, signal),
    imageItem(client, image, flags, signal),
  ]);
  const items = [...engine, found.item, pulled];
  if (!found.container) return { docker: name, image, items };
  const spec = dockerSessionSpec(client, found.container, flags, image);
  const unseen = withoutRights(flags.profile);
  items.push(
    { check: `profile ${spec.profile}`, ok: true, detail: PROFILE_TEXT[spec.profile] },
    {
      check: "the host's side",
      ok: unseen === undefined,
      detail: unseen ?? "diagnose would read it by a second container, in the host's network",
    },
    await sessionItem(client, found.container, spec, signal),
  );
  return { docker: name, image, ...(pulled.ok ? { profile: spec.profile } : {}), items };
}

async function engineItems(client: DockerClient, signal: AbortSignal): Promise<PreflightItem[]> {
  const [{ Version, ApiVersion }, { Plugins, SecurityOptions }] = await Promise.all([
    client.get<DockerVersion>('/version', { signal }),
    client.get<DockerInfo>('/info', { signal }),
  ]);
  const kind = client.isPodman ? 'podman' : 'Docker Engine';
  const isRootless = SecurityOptions?.some((option) => option.includes('name=rootless')) === true;
  const plugins = Plugins?.Authorization ?? [];
  return [
    {
      check: 'engine',
      ok: true,
      detail: `${kind} ${Version}${isRootless ? ' (rootless)' : ''} at ${client.host.name}, API ${ApiVersion}`,
    },
    {
      check: 'right to create containers and to exec',
      ok: true,
      detail:
        plugins.length === 0
          ? 'access to the socket implies full control'
          : `the authorization plugin ${plugins.join(', ')} may still refuse; this only shows when a container starts`,
    },
  ];
}

async function targetOf(
  client: DockerClient,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly item: PreflightItem; readonly container?: DockerContainer }> {
  const check = 'container can be joined';
  try {
    const container = await dockerTarget(client, name, signal);
    const networks = Object.keys(container.NetworkSettings.Networks ?? {}).join(', ');
    const [note = `it runs, on network ${networks}`] = dockerNotes(container);
    return { item: { check, ok: true, detail: note }, container };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { item: { check, ok: false, detail: withoutFullStop(error.message) } };
  }
}

async function imageItem(
  client: DockerClient,
  image: string,
  { imagePullPolicy = 'IfNotPresent' }: SessionFlags,
  signal: AbortSignal,
): Promise<PreflightItem> {
  const check = 'image';
  const isThere = await hasImage(client, image, signal);
  if (isThere && imagePullPolicy !== 'Always') return { check, ok: true, detail: `${image} is there` };
  if (imagePullPolicy === 'Never')
    return {
      check,
      ok: false,
      detail: `${image} is missing, and --image-pull-policy Never forbids pulling it`,
    };
  const { registry } = parseImageName(image);
  if (client.isPodman)
    return {
      check,
      ok: true,
      detail: `${image} would be pulled; ${registry} was not asked whether it has it`,
    };
  try {
    const auth = await registryAuth(registry, dockerSources());
    const path = image.split('/').map(encodeURIComponent).join('/');
    const headers = auth === undefined ? {} : { 'X-Registry-Auth': auth };
    await client.get(`/distribution/${path}/json`, { headers, signal });
    return { check, ok: true, detail: `${image} would be pulled: ${registry} has it` };
  } catch (error) {
    if (!(error instanceof DockerApiError)) throw error;
    return { check, ok: false, detail: `${image} is missing and cannot be pulled: ${error.message}` };
  }
}

async function sessionItem(
  client: DockerClient,
  container: DockerContainer,
  spec: ReturnType<typeof dockerSessionSpec>,
  signal: AbortSignal,
): Promise<PreflightItem> {
  const listed = await listSessionContainers(client, signal);
  const kept = findKept(listed, container, spec);
  const left = listed.filter((one) => isLeftOver(one, Date.now(), isOwnerGone)).length;
  const others = listed.filter(
    ({ State, Labels }) => State === 'running' && Labels?.[SESSION_LABEL] === container.Id,
  ).length;
  const now = kept
    ? `container ${kept.Id.slice(0, 12)} runs and would be used again`
    : `a container would be started beside it, and removed afterwards${others > 0 ? `; ${others} of other commands run` : ''}`;
  const swept = left === 0 ? '' : `; ${left} that a killed client left would be removed`;
  return { check: 'session', ok: true, detail: now + swept };
}
