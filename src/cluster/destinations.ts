/** From DEST as it was typed to addresses to measure to. */
import type { ClusterView } from '../model/cluster-view.ts';
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import { type Asked, parseHost } from './host-destination.ts';
import { podDestination } from './pod-destination.ts';
import { serviceDestinations } from './service-destinations.ts';
import type { Subject } from './subject.ts';

/** What everybody in a cluster depends on, whatever the user asks for. */
export const IN_CLUSTER: readonly Destination[] = [
  // Port 9 is discard: nobody listens there, and the refusal that comes back times the way as well as an answer.
  {
    id: 'gateway',
    label: 'gateway',
    host: '%gateway%',
    port: '9',
    anyPort: true,
    role: 'gateway',
    inCluster: true,
    protocol: 'tcp',
  },
  {
    id: 'dns',
    label: 'dns',
    host: '%dns%',
    port: '53',
    anyPort: false,
    role: 'dns',
    inCluster: true,
    protocol: 'tcp',
  },
  {
    id: 'api',
    label: 'apiserver',
    host: '%apiserver%',
    port: '%apiserver-port%',
    anyPort: false,
    role: 'apiserver',
    inCluster: false,
    protocol: 'tcp',
  },
];

/** What the subject depends on, whatever the user asks for. */
export function always({ cluster }: Subject): readonly Destination[] {
  if (cluster) return IN_CLUSTER;
  // Elsewhere there is no API server, and a name server may be a continent away.
  return IN_CLUSTER.filter(({ role }) => role !== 'apiserver').map((d) => ({ ...d, inCluster: false }));
}

/**
 * The user's destinations, resolved by the API. One that is named twice is probed once: in one pod, two servers for it would
 * want one port.
 * @throws {UserError} exit 2: a DEST that is none; exit 3: a pod or Service that is not there or has no address
 */
export async function askedDestinations(subject: Subject, to: readonly string[]): Promise<Destination[]> {
  const asked = await Promise.all([...new Set(to)].map((text) => destination(subject, text)));
  return asked.flat().map((d, i) => ({ ...d, id: `to${i}` }));
}

async function destination(subject: Subject, text: string): Promise<readonly Asked[]> {
  // A pod or a Service may be called "udp" itself.
  const udp = /^(?!(?:po|pods?|svc|services?)\/udp$)(.+)\/udp$/i.exec(text)?.[1];
  if (udp === undefined) return byKind(subject, text, 'tcp');
  const resolved = await byKind(subject, udp, 'udp');
  return resolved.map((d) => ({ ...d, label: `${d.label}/udp`, protocol: 'udp' }));
}

async function byKind(
  { cluster, addresses }: Subject,
  text: string,
  protocol: Destination['protocol'],
): Promise<readonly Asked[]> {
  const kind = /^(po|pods?|svc|services?)\/([^/:]+)(?::(.+))?$/i.exec(text);
  if (!kind) return [parseHost(text)];
  if (!cluster) throw noCluster(text);
  const [, type = '', name = '', port] = kind;
  if (type.toLowerCase().startsWith('p')) return [await podDestination(cluster, name, port, protocol)];
  return serviceDestinations(cluster, { ...named(name, cluster), text: name, port, protocol }, addresses);
}

function noCluster(text: string): UserError {
  return new UserError(`--to "${text}" needs a cluster, and the target belongs to none: write HOST:PORT.`, 2);
}

/** `NAME`, in the target's namespace, or `NAME.NAMESPACE`: a Service's own name has no dots. */
function named(
  text: string,
  { namespace }: ClusterView,
): { readonly name: string; readonly namespace: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { name: text, namespace } : { name: text.slice(0, dot), namespace: text.slice(dot + 1) };
}
