/** What runs at each place on the way while the probes are sent. Pure. */
import type { ProbePlan } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { PathInput, PathRoute } from './facts.ts';

/** So many lines at one place; a busy node has many connections to the same address. */
export const MAX_SEGMENTS = 5000;

/** Segments that open or refuse a connection: the 14th byte of a TCP header has the flags SYN (2) and RST (4). */
const OPENING = '(tcp[13] & 6 != 0 or (ip6[6] == 6 and ip6[53] & 6 != 0))';

/** Listens for the probes and their answers at the place with this id. */
export function watchCommand({ routes }: PathInput, id: string): readonly string[] {
  const hosts = [...new Set(routes.filter(passes(id)).map(({ destination }) => `host ${destination.host}`))];
  return [
    ...['tcpdump', '-Z', 'root', '-nn', '-S', '-tt', '-l', '-i', 'any', '-c', String(MAX_SEGMENTS)],
    `(${hosts.join(' or ')}) and ${OPENING}`,
  ];
}

function passes(id: string): (route: PathRoute) => boolean {
  return ({ places }) => places.some((place) => place.id === id);
}

/** Counters of filters and of the kernel before the probes. */
export const BEFORE: ProbePlan = {
  phases: [
    [
      snapshot('nft', 'nft-before'),
      snapshot('iptables', 'iptables-before'),
      snapshot('iptablesLegacy', 'legacy-before'),
      snapshot('counters', 'counters-before'),
    ],
  ],
};

/** The same after them, who listens, and what the way on from there is. */
export const AFTER: ProbePlan = {
  phases: [
    [
      snapshot('nft', 'nft-after'),
      snapshot('iptables', 'iptables-after'),
      snapshot('iptablesLegacy', 'legacy-after'),
      snapshot('counters', 'counters-after'),
      snapshot('listeners'),
      snapshot('neighbours'),
      snapshot('routes'),
    ],
  ],
};

/** The id of a place's result in the evidence of the check. */
export function evidenceId(place: string, command: string): string {
  return `${place}-${command}`;
}
