/** The commands of the mtu check: searches to all destinations at once. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { MtuInput } from './facts.ts';

/** A black hole is searched for in silence: some 6 s; a far one answers more slowly. */
const SEARCH_LIMIT_SECONDS = 14;
/** Three seconds of watching, and the connect. */
const TRANSFER_LIMIT_SECONDS = 8;

export function planMtu(input: MtuInput, scripts: ProbeScripts): StagedPlan {
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
    after: [snapshot('counters', 'counters-after')],
  };
}

/** Bytes are sent only where the user asked for it. */
export function transfers(destination: Destination, { transfer }: MtuInput): boolean {
  return transfer && destination.role === 'asked' && destination.protocol === 'tcp' && !destination.anyPort;
}
