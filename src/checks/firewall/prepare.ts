/** The input of the firewall check. */

import type { InputContext } from '../../cluster/context.ts';
import { hostPortAt } from '../../cluster/host-ports.ts';
import { MOST_SERVICES, publishedAt } from '../../cluster/published.ts';
import { unreadReason } from '../../cluster/reading.ts';
import type { Subject } from '../../cluster/subject.ts';
import { within } from '../../cluster/within.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { HostPort } from '../../model/host-port.ts';
import type { PodRange } from '../../model/pod-range.ts';
import type { Published } from '../../model/published.ts';
import type { StrayPod } from '../../model/stray-pod.ts';
import { isOnThisMachine } from '../shared/beside.ts';
import { readPolicies } from '../shared/prepare-policies.ts';
import type { Unread } from '../shared/unread.ts';
import type check from './check.ts';
import { containersAt } from './prepare-containers.ts';
import { greetsOf } from './prepare-greetings.ts';
import { podRangeAt } from './prepare-pod-ranges.ts';
import { strayPodAt } from './prepare-stray-pods.ts';
import { uplinksOf } from './prepare-uplinks.ts';
import { type ProxyVariables, proxyVariablesOf } from './proxy-variables.ts';
import { SIDECARS } from './sidecars.ts';

/** Nothing to look at without a destination. */
export default async function prepare({
  subject,
  args,
  asked,
  signal,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  if (asked.length === 0) return undefined;
  const proxies = proxiesOf(subject);
  const uplinks = uplinksOf(subject);
  const [policies, { published, unread }, hostPorts, containers, greets, podRanges, strays] =
    await Promise.all([
      readPolicies(subject, asked),
      publishedOf(subject, asked),
      hostPortsOf(subject, asked),
      containersAt(subject, asked, signal),
      greetsOf(subject, asked),
      podRangesOf(subject, asked),
      straysOf(subject, asked),
    ]);
  return {
    destinations: asked,
    policies: unread.length === 0 ? policies : { ...policies, unread: [...policies.unread, ...unread] },
    ...(proxies.length === 0 ? {} : { proxies }),
    ...(Object.keys(hostPorts).length === 0 ? {} : { hostPorts }),
    ...(Object.keys(podRanges).length === 0 ? {} : { podRanges }),
    ...(Object.keys(strays).length === 0 ? {} : { strays }),
    ...(Object.keys(containers).length === 0 ? {} : { containers }),
    ...sidecarPart(subject),
    ...(Object.keys(published).length === 0 ? {} : { published }),
    ...(isBeside(subject) ? { isBeside: true } : {}),
    ...(isOnThisMachine(subject) ? { isOnThisMachine: true as const } : {}),
    ...(Object.keys(greets).length === 0 ? {} : { greets }),
    ...(uplinks === undefined ? {} : { uplinks }),
    ...((subject.pod || subject.docker) && !subject.isHost ? { isIsolated: true } : {}),
    ...(subject.pod && !subject.isHost && args.watch !== 'deep' ? { isNodeUnseen: true as const } : {}),
  };
}

/** What belongs to no cluster and no engine, and is not the machine itself, is a namespace of it. */
function isBeside(subject: Subject): boolean {
  return isOnThisMachine(subject) && subject.isHost !== true;
}

async function hostPortsOf(
  { cluster }: Subject,
  asked: readonly Destination[],
): Promise<Record<string, HostPort>> {
  if (!cluster) return {};
  const all = await Promise.all(asked.map((one) => hostPortAt(cluster, one)));
  return Object.fromEntries(
    asked.flatMap(({ id }, i) => (all[i] === undefined ? [] : [[id, all[i]] as const])),
  );
}

async function podRangesOf(
  { cluster }: Subject,
  asked: readonly Destination[],
): Promise<Record<string, PodRange>> {
  if (!cluster) return {};
  const all = await Promise.all(asked.map((one) => podRangeAt(cluster, one)));
  return Object.fromEntries(
    asked.flatMap(({ id }, i) => (all[i] === undefined ? [] : [[id, all[i]] as const])),
  );
}

async function straysOf(subject: Subject, asked: readonly Destination[]): Promise<Record<string, StrayPod>> {
  const all = await Promise.all(asked.map((one) => strayPodAt(subject, one)));
  return Object.fromEntries(
    asked.flatMap(({ id }, i) => (all[i] === undefined ? [] : [[id, all[i]] as const])),
  );
}

/** A cluster that the target does not belong to is not waited for longer. */
const NAMED_LIMIT_MS = 2000;

async function publishedOf(
  { cluster, named, node, isHost }: Subject,
  asked: readonly Destination[],
): Promise<{ readonly published: Record<string, Published>; readonly unread: readonly Unread[] }> {
  if (cluster) return { published: await waysInto({ cluster, node, isHost }, asked), unread: [] };
  if (!named) return { published: {}, unread: [] };
  const services = await within(NAMED_LIMIT_MS, named.allServices(MOST_SERVICES));
  const reason =
    services === undefined
      ? `the API server did not answer within ${NAMED_LIMIT_MS / 1000} s`
      : services.error && unreadReason(services);
  const what = "whether a Service of the cluster that you named has the DEST's address";
  if (reason !== undefined) return { published: {}, unread: [{ what, reason }] };
  const ways = waysInto({ cluster: named, node, isHost, isOutside: true }, asked);
  return { published: (await within(NAMED_LIMIT_MS, ways)) ?? {}, unread: [] };
}

async function waysInto(
  asking: Parameters<typeof publishedAt>[0],
  asked: readonly Destination[],
): Promise<Record<string, Published>> {
  const all = await Promise.all(asked.map((one) => publishedAt(asking, one)));
  return Object.fromEntries(
    asked.flatMap(({ id }, i) => (all[i] === undefined ? [] : [[id, all[i]] as const])),
  );
}

/** As part of the input. A gateway is the proxy alone, which asks for no rules. */
function sidecarPart({ pod, isHost }: Subject): { sidecar?: string } {
  const containers = pod?.spec?.containers ?? [];
  const own = [...containers, ...(pod?.spec?.initContainers ?? [])].find(({ name }) => SIDECARS.has(name));
  const isBeside = containers.some(({ name }) => !SIDECARS.has(name));
  const isOff = pod?.metadata?.annotations?.['sidecar.istio.io/interceptionMode'] === 'NONE';
  return own === undefined || !isBeside || isOff || isHost ? {} : { sidecar: own.name };
}

/** Native sidecars among them. Values from ConfigMaps and Secrets are not looked up. */
function proxiesOf({ pod }: Subject): ProxyVariables[] {
  const all = [...(pod?.spec?.containers ?? []), ...(pod?.spec?.initContainers ?? [])];
  return all.flatMap(({ name, env }) => proxyVariablesOf(name, env ?? []) ?? []);
}
