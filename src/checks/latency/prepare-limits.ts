/** Which containers at both ends of the ways have a CPU limit. */
import type { Subject } from '../../cluster/subject.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { podsBehind } from '../shared/prepare-behind.ts';
import type { LimitedContainer } from './cpu-limits.ts';

/** More would load the API server and its nodes for little. */
const MOST = { own: 3, others: 4 };

/** Nothing is started in somebody else's container, unless the user asks for both ends. */
const notAsked = (pod = ''): string => `it is read with --to pod/${pod} --both-ends alone`;

export async function limitedContainers(
  { cluster, pod }: Subject,
  asked: readonly Destination[],
  entersBothEnds: boolean,
): Promise<readonly LimitedContainer[]> {
  if (cluster === undefined) return [];
  const own = pod === undefined ? [] : limitedIn(pod).slice(0, MOST.own);
  const ends = asked.filter(
    (one) => one.protocol === 'tcp' && (one.pod !== undefined || one.url !== undefined),
  );
  const namespace = pod?.metadata?.namespace ?? cluster.namespace;
  const behind = await Promise.all(ends.map((one) => podsBehind(cluster, namespace, one)));
  const others = new Map<string, { readonly pod: Pod; readonly labels: string[] }>();
  for (const [at, { pods }] of behind.entries()) {
    const label = ends[at]?.label ?? '';
    for (const { pod: found } of pods) {
      const uid = found?.metadata?.uid ?? '';
      if (found === undefined || uid === pod?.metadata?.uid) continue;
      const known = others.get(uid);
      if (known === undefined) others.set(uid, { pod: found, labels: [label] });
      else if (!known.labels.includes(label)) known.labels.push(label);
    }
  }
  const far = [...others.values()].flatMap(({ pod: found, labels }) =>
    limitedIn(found).map((one) => ({
      ...one,
      answers: labels,
      ...(entersBothEnds ? {} : { unread: notAsked(found.metadata?.name) }),
    })),
  );
  return [...own, ...far.slice(0, MOST.others)].map((one, at) => ({ id: `cpu${at}`, ...one }));
}

/** Its running containers that have one, those of its init containers that go on too. */
function limitedIn({ metadata, spec, status }: Pod): Omit<LimitedContainer, 'id' | 'answers'>[] {
  const states = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ name, resources }) => {
    const state = states.find((one) => one.name === name);
    // After a resize the status says what is in force.
    const limit = state?.resources?.limits?.['cpu'] ?? resources?.limits?.['cpu'];
    return limit === undefined || state?.state?.running === undefined
      ? []
      : [{ namespace: metadata?.namespace ?? '', pod: metadata?.name ?? '', container: name, limit }];
  });
}
