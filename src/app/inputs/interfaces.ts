/** The input of the interfaces check. */
import about from '../../checks/interfaces/about.ts';
import { interfaces } from '../../checks/interfaces/check.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import { optionsIn } from '../../checks/shared/about.ts';
import type { InputContext } from './context.ts';
import { always } from './destinations.ts';
import { podAddresses } from './pod-addresses.ts';

export async function prepareInterfaces({ args, asked, subject }: InputContext): Promise<PreparedCheck> {
  const { addresses, hostNetwork } = podAddresses(subject);
  // As part of a diagnosis, the other checks' packets to DESTs are enough.
  const destinations =
    optionsIn(args, about)?.send === true ? [...always(subject), ...asked] : always(subject);
  return prepared(interfaces, { destinations, podIps: addresses, hostNetwork });
}
