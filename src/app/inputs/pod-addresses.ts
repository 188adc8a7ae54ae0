/** What the API says of the target's own addresses. */
import type { PodAddresses } from '../../checks/routing/facts.ts';
import type { Subject } from '../subject.ts';

export function podAddresses({ addresses, isHost }: Subject): PodAddresses {
  return { addresses, hostNetwork: isHost };
}
