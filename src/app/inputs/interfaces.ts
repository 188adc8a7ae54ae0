/** The input of the interfaces check. */
import { interfaces } from '../../checks/interfaces/check.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import type { InputContext } from './context.ts';
import { ALWAYS } from './destinations.ts';
import { podAddresses } from './pod-addresses.ts';

export async function prepareInterfaces({ asked, pod }: InputContext): Promise<PreparedCheck> {
  const { addresses, hostNetwork } = podAddresses(pod);
  return prepared(interfaces, { destinations: [...ALWAYS, ...asked], podIps: addresses, hostNetwork });
}
