/** What the API says of the target's own addresses. */

import type { Subject } from '../../cluster/subject.ts';
import type { PodAddresses } from './pod-addresses.ts';

export function podAddresses({ addresses, isHost }: Subject): PodAddresses {
  return { addresses, hostNetwork: isHost };
}
