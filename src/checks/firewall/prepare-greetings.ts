/** Which DESTs have servers that speak first, and which of them are behind the sidecar of a mesh. */
import { servicePort } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { Destination } from '../../model/destination.ts';
import { type SpeaksFirst, speaksFirst } from './greetings.ts';
import { SIDECARS } from './sidecars.ts';

/** Each takes 11 s where nothing comes, and a small target has room for one at a time. */
const MOST = 2;

export async function greetsOf(
  { cluster }: Subject,
  asked: readonly Destination[],
): Promise<Record<string, SpeaksFirst>> {
  const all = await Promise.all(
    asked
      .filter((one) => one.protocol === 'tcp' && !one.anyPort && !isBehindAnother(one, asked))
      .map(async (one) => ({ one, protocol: await protocolOf(cluster, one) })),
  );
  const found = all.flatMap(({ one, protocol }) => (protocol === undefined ? [] : [{ one, protocol }]));
  const entries = found.slice(0, MOST).map(async ({ one, protocol }) => {
    const sidecar = await sidecarBehind(cluster, one, asked);
    return [one.id, { protocol, ...(sidecar === undefined ? {} : { sidecar }) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** An endpoint of a Service whose own address is asked too: the servers of one are alike. */
function isBehindAnother({ service }: Destination, asked: readonly Destination[]): boolean {
  return (
    service?.part === 'endpoint' &&
    asked.some((other) => other.service?.part === 'virtual' && other.service.label === service.label)
  );
}

async function protocolOf(
  cluster: Subject['cluster'],
  { port, ref, url }: Destination,
): Promise<string | undefined> {
  // Whoever asks for a URL says what is spoken there.
  if (url !== undefined) return undefined;
  const service =
    ref?.kind === 'service' ? (await cluster?.service(ref.namespace, ref.name))?.value : undefined;
  const own = service && servicePort(service, ref?.port, 'tcp');
  return speaksFirst(port, [own?.appProtocol, own?.name]);
}

/** Of the pod itself, or of an endpoint of the Service that was asked for too. */
async function sidecarBehind(
  cluster: Subject['cluster'],
  one: Destination,
  asked: readonly Destination[],
): Promise<SpeaksFirst['sidecar']> {
  const label = one.service?.label;
  const ref =
    one.pod ??
    (label === undefined
      ? undefined
      : asked.find(({ pod, service }) => pod !== undefined && service?.label === label)?.pod);
  const pod = ref && (await cluster?.pod(ref.namespace, ref.name))?.value;
  const containers = [...(pod?.spec?.containers ?? []), ...(pod?.spec?.initContainers ?? [])];
  const own = containers.find(({ name }) => SIDECARS.has(name));
  return own === undefined || ref === undefined ? undefined : { container: own.name, pod: `pod ${ref.name}` };
}
