/** The input of the interfaces check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import type { InputOf } from '../../model/check.ts';
import { optionsIn } from '../shared/about.ts';
import { podAddresses } from '../shared/prepare-pod-addresses.ts';
import about from './about.ts';
import type check from './check.ts';

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check>> {
  const { addresses, hostNetwork } = podAddresses(subject);
  // As part of a diagnosis, the other checks' packets to DESTs are enough.
  const destinations =
    optionsIn(args, about)?.send === true ? [...always(subject), ...asked] : always(subject);
  return { destinations, podIps: addresses, hostNetwork };
}
