/** What a watch of drops did not see, or did not tell apart. Pure. */
import type { DropWatch } from '../../../parsers/drops.ts';

export interface Missed {
  readonly what: string;
  /** In words that end a sentence. */
  readonly why: string;
  /** Something may have been dropped of which nothing is known at all. */
  readonly isBlind: boolean;
}

/** @param end what the watch said at its end */
export function missedBy(end: DropWatch['end']): Missed[] {
  if (end === undefined) return [];
  const { flowsMissed, otherFlows, placesMissed, unseen, peersLeftOut, namespacesLeftOut } = end;
  const packets = (count: number): string => `${count} ${count === 1 ? 'packet' : 'packets'}`;
  const all: readonly (Missed | undefined)[] = [
    flowsMissed > 0
      ? {
          what: `which flows ${packets(flowsMissed)} were of${otherFlows > 0 ? ` (at least ${otherFlows} more)` : ''}`,
          why: 'there were more flows than the watch tells apart',
          isBlind: false,
        }
      : undefined,
    placesMissed > 0
      ? {
          what: packets(placesMissed),
          why: 'there were more kinds of drops than the watch tells apart',
          isBlind: true,
        }
      : undefined,
    unseen > 0
      ? { what: packets(unseen), why: 'they came while another one was being counted', isBlind: false }
      : undefined,
    peersLeftOut > 0
      ? {
          what: `flows with ${peersLeftOut} ${peersLeftOut === 1 ? 'address' : 'addresses'}`,
          why: 'there were more addresses than the watch has room for',
          isBlind: true,
        }
      : undefined,
    namespacesLeftOut
      ? {
          what: 'drops in some network namespaces',
          why: 'there are more of them than the watch has room for',
          isBlind: true,
        }
      : undefined,
  ];
  return all.filter((one) => one !== undefined);
}
