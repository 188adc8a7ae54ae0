/** On which port a throughput test finds its server. Pure. */
import type { Destination } from '../../model/destination.ts';

/** iperf3's own port. */
export const PORT = '5201';

/** `pod/NAME` without a port: nobody says that a server is there. */
export function needsServer({ ref }: Destination): boolean {
  return ref?.kind === 'pod' && ref.port === undefined;
}

/** The destination with the port of the server that it gets. */
export function withServerPort(destination: Destination): Destination {
  return needsServer(destination) ? { ...destination, port: PORT, anyPort: false } : destination;
}
