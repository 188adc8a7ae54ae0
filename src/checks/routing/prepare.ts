/** The input of the routing check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import type { InputOf } from '../../model/check.ts';
import { nodeNetwork } from '../shared/prepare-node-network.ts';
import { podAddresses } from '../shared/prepare-pod-addresses.ts';
import { unreadPart } from '../shared/unread.ts';
import type check from './check.ts';
import { probedPart } from './prepare-probed.ts';

export default async function prepare(context: InputContext): Promise<InputOf<typeof check>> {
  const { asked, subject } = context;
  const { network, unread } = await nodeNetwork(context);
  return {
    destinations: [...always(subject), ...asked],
    pod: podAddresses(subject),
    ...(network === undefined ? {} : { cluster: network }),
    ...probedPart(subject),
    ...unreadPart(unread),
  };
}
