/** What differs between two looks at the objects behind the destinations of a watch. Pure. */
import type { EndpointSlice, NetworkPolicyObject, Pod } from '../model/kube-objects.ts';

/** What was looked at; what could not be read is absent, and is then not compared. */
export interface ClusterLook {
  /** By namespace/name; `null`: there is none. */
  readonly pods: Readonly<Record<string, Pod | null>>;
  /** The slices of a Service, by namespace/name. */
  readonly services: Readonly<Record<string, readonly EndpointSlice[]>>;
  /** By namespace. */
  readonly policies: Readonly<Record<string, readonly NetworkPolicyObject[]>>;
}

export interface ClusterChange {
  /** RFC 3339, as the API says it; absent: it is not known when. */
  readonly at?: string;
  /** Raw. */
  readonly text: string;
}

/** All that has changed, in no order. */
export function changesBetween(before: ClusterLook, after: ClusterLook): readonly ClusterChange[] {
  return [
    ...pairs(before.pods, after.pods).flatMap(([name, one, other]) => podChanges(name, one, other)),
    ...pairs(before.services, after.services).flatMap(([name, one, other]) =>
      endpointChanges(name, one, other),
    ),
    ...pairs(before.policies, after.policies).flatMap(([name, one, other]) =>
      policyChanges(name, one, other),
    ),
  ];
}

/** Whether the API says of a Service that nothing of it is ready. */
export function hasNoEndpoint(
  { services }: ClusterLook,
  ref: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined,
): boolean {
  const slices = ref?.kind === 'service' ? services[`${ref.namespace}/${ref.name}`] : undefined;
  return slices !== undefined && addresses(slices).size === 0;
}

function pairs<T>(before: Readonly<Record<string, T>>, after: Readonly<Record<string, T>>): [string, T, T][] {
  return Object.entries(after).flatMap(([name, other]): [string, T, T][] => {
    const one = before[name];
    return one === undefined ? [] : [[name, one, other]];
  });
}

function podChanges(name: string, before: Pod | null, after: Pod | null): ClusterChange[] {
  const pod = `pod ${name}`;
  if (after === null) return before === null ? [] : [{ text: `${pod} is gone` }];
  if (before === null) return [{ ...timed(after.metadata?.creationTimestamp), text: `${pod} was created` }];
  if (before.metadata?.uid !== after.metadata?.uid)
    return [
      { ...timed(after.metadata?.creationTimestamp), text: `${pod} was replaced by another one of its name` },
    ];
  const deleted = after.metadata?.deletionTimestamp;
  const wasReady = ready(before);
  const isReady = ready(after);
  return [
    ...(deleted !== undefined && before.metadata?.deletionTimestamp === undefined
      ? [{ ...timed(deleted), text: `${pod} is being deleted` }]
      : []),
    ...(wasReady?.status !== isReady?.status
      ? [
          {
            ...timed(isReady?.lastTransitionTime),
            text: `${pod} is ${isReady?.status === 'True' ? 'ready' : 'not ready'}`,
          },
        ]
      : []),
    ...(after.status?.containerStatuses ?? []).flatMap((container): ClusterChange[] => {
      const old = before.status?.containerStatuses?.find((one) => one.name === container.name);
      if (old === undefined || old.restartCount === container.restartCount) return [];
      const ended = container.lastState?.terminated;
      const why = ended === undefined ? '' : ` (${ended.reason ?? 'ended'}, exit code ${ended.exitCode})`;
      return [{ ...timed(ended?.finishedAt), text: `${pod}: container ${container.name} restarted${why}` }];
    }),
  ];
}

function ready(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}

function endpointChanges(
  name: string,
  before: readonly EndpointSlice[],
  after: readonly EndpointSlice[],
): ClusterChange[] {
  const [old, now] = [addresses(before), addresses(after)];
  const gone = [...old].filter((address) => !now.has(address));
  const come = [...now].filter((address) => !old.has(address));
  const list = (all: readonly string[]): string =>
    `${all.slice(0, 4).join(', ')}${all.length > 4 ? ` and ${all.length - 4} more` : ''}`;
  return [
    ...(gone.length > 0 ? [{ text: `svc/${name}: no ready endpoint any more: ${list(gone)}` }] : []),
    ...(come.length > 0 ? [{ text: `svc/${name}: new ready endpoint: ${list(come)}` }] : []),
    ...(now.size === 0 && old.size > 0 ? [{ text: `svc/${name} has no ready endpoint` }] : []),
  ];
}

function addresses(slices: readonly EndpointSlice[]): ReadonlySet<string> {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? []);
  return new Set(
    endpoints
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses: own, targetRef }) => own.map((one) => targetRef?.name ?? one)),
  );
}

function policyChanges(
  namespace: string,
  before: readonly NetworkPolicyObject[],
  after: readonly NetworkPolicyObject[],
): ClusterChange[] {
  const nameOf = (policy: NetworkPolicyObject): string => policy.metadata?.name ?? '';
  const text = (policy: NetworkPolicyObject, what: string): string =>
    `NetworkPolicy ${namespace}/${nameOf(policy)} ${what}`;
  const find = (all: readonly NetworkPolicyObject[], one: NetworkPolicyObject) =>
    all.find((other) => nameOf(other) === nameOf(one));
  return [
    ...after.flatMap((policy): ClusterChange[] => {
      const old = find(before, policy);
      if (old === undefined)
        return [{ ...timed(policy.metadata?.creationTimestamp), text: text(policy, 'was created') }];
      return JSON.stringify(old.spec) === JSON.stringify(policy.spec)
        ? []
        : [{ text: text(policy, 'was changed') }];
    }),
    ...before
      .filter((policy) => find(after, policy) === undefined)
      .map((policy) => ({ text: text(policy, 'was deleted') })),
  ];
}

/** Client libraries make dates of times; JSON has text. */
function timed(at: Date | string | undefined): { readonly at?: string } {
  if (at === undefined) return {};
  return { at: typeof at === 'string' ? at : at.toISOString() };
}
