/** The input of the routing check. */
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import { routing } from '../../checks/routing/check.ts';
import { unreadPart } from '../../checks/unread.ts';
import type { InputContext } from './context.ts';
import { always } from './destinations.ts';
import { nodeNetwork } from './node-network.ts';
import { podAddresses } from './pod-addresses.ts';

export async function prepareRouting(context: InputContext): Promise<PreparedCheck> {
  const { asked, subject } = context;
  const { network, unread } = await nodeNetwork(context);
  return prepared(routing, {
    destinations: [...always(subject), ...asked],
    pod: podAddresses(subject),
    ...(network === undefined ? {} : { cluster: network }),
    ...unreadPart(unread),
  });
}
