import { otherKind } from '../kind.ts';

/** For reasons that are neither in another rule nor harmless. */
export const other = otherKind({
  id: 'NT-DROP-019',
  title: 'Packets are dropped for another reason',
  words: 'for a reason that is not explained here',
  meaning:
    'The kernel names a reason that this version does not explain, or none at all (NOT_SPECIFIED): then its function is all that there is to go by.',
  remedy:
    'Look up the reason in include/net/dropreason-core.h of the kernel, or the function in its sources.',
});
