/** What the API says of the target's own addresses. */
import type { PodAddresses } from '../../checks/routing/facts.ts';
import type { Pod } from '../../kube/types.ts';

export function podAddresses({ spec, status }: Pod): PodAddresses {
  const all = (status?.podIPs ?? []).map(({ ip }) => ip);
  const addresses = all.length > 0 ? all : status?.podIP === undefined ? [] : [status.podIP];
  return { addresses, hostNetwork: spec?.hostNetwork === true };
}
