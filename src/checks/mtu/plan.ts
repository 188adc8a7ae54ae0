/** The commands of the mtu check: searches to all destinations at once. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { MtuInput } from './facts.ts';

/** A black hole is searched for in silence: some 6 s; a far one answers more slowly. */
const SEARCH_LIMIT_SECONDS = 14;
/** Three seconds of watching, and the connect. */
const TRANSFER_LIMIT_SECONDS = 8;

/** Each is a process of its own, and what one way inside of the cluster drops, others drop as well. */
const MOST_FRAGMENTED = 4;

export function planMtu(input: MtuInput, scripts: ProbeScripts): StagedPlan {
  const fragmented = input.destinations.filter(sendsFragments).slice(0, MOST_FRAGMENTED);
  return {
    before: [snapshot('counters', 'counters-before')],
    probe: input.destinations.flatMap((destination) => [
      // A Service's address answers no echo request.
      ...(destination.service?.part === 'virtual'
        ? []
        : [
            {
              id: `${destination.id}-path-mtu`,
              argv: ['sh', '-c', scripts.pathMtu, 'path-mtu', destination.host],
              timeoutSeconds: SEARCH_LIMIT_SECONDS,
              display: ['path-mtu', destination.host],
            },
          ]),
      ...(transfers(destination, input)
        ? [
            {
              id: `${destination.id}-transfer`,
              argv: ['bash', '-c', scripts.tcpTransfer, 'tcp-transfer', destination.host, destination.port],
              timeoutSeconds: TRANSFER_LIMIT_SECONDS,
              display: ['tcp-transfer', destination.host, destination.port],
            },
          ]
        : []),
    ]),
    // Behind the counters: their answers come in fragments too.
    after: [snapshot('counters', 'counters-after'), ...fragmented.map(fragments)],
  };
}

/** Bytes of an echo request that no usual link carries in one piece; those of 9000 bytes do, and prove nothing. */
export const FRAGMENTED_BYTES = 3000;

/**
 * Filters on the internet drop large echo requests on purpose; inside of a cluster nobody does, and whoever drops
 * fragments there drops those of large datagrams.
 */
function sendsFragments({ role, inCluster, service }: Destination): boolean {
  return role === 'asked' && inCluster && service?.part !== 'virtual';
}

function fragments({ id, host }: Destination): ProbeCommand {
  const argv = ['ping', '-n', '-c', '3', '-i', '0.02', '-W', '1', '-s', String(FRAGMENTED_BYTES), host];
  return { id: `${id}-fragments`, argv, timeoutSeconds: 5 };
}

/** Bytes are sent only where the user asked for it. */
export function transfers(destination: Destination, { transfer }: MtuInput): boolean {
  return transfer && destination.role === 'asked' && destination.protocol === 'tcp' && !destination.anyPort;
}
