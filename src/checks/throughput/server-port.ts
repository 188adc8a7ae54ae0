/** On which port a throughput test finds its server. Pure. */
import type { Destination } from '../../model/destination.ts';

/** iperf3's own port. */
export const PORT = '5201';

/** `pod/NAME` without a port: nobody says that a server is there. */
export function needsServer({ pod, service, label }: Destination): boolean {
  return pod !== undefined && service === undefined && !label.includes(':');
}

/** The destination with the port of the server that it gets. */
export function withServerPort(destination: Destination): Destination {
  return needsServer(destination) ? { ...destination, port: PORT, anyPort: false } : destination;
}
