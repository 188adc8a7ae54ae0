/** The input of the tls check. */

import type { InputContext } from '../../cluster/context.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import { http2Reasons } from '../shared/prepare-protocols.ts';
import { serviceNames } from '../shared/service-names.ts';
import about, { type TlsOptions } from './about.ts';
import type check from './check.ts';
import type { TlsServer } from './facts.ts';
import { type Callers, callersOf } from './prepare-callers.ts';

/** As part of a diagnosis. */
const USUALLY: TlsOptions = { starttls: '' };

/** Ports on which a diagnosis may expect TLS without being asked (IANA: https; and what Kubernetes uses). */
const TLS_PORTS: readonly string[] = ['443', '6443', '8443', '9443'];

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const told = optionsIn(args, about);
  const flags = told ?? USUALLY;
  const isTold = told !== undefined && told.also === undefined;
  const speaks = (d: Destination): boolean => speaksTls(d) || told?.also?.includes(d.label) === true;
  const services = new Set(asked.filter(speaks).map(({ service }) => service?.label));
  // Endpoints have ports of their own: their Service's says what they speak.
  const chosen = asked.filter(
    (d) => d.protocol === 'tcp' && (isTold || speaks(d) || (d.service && services.has(d.service.label))),
  );
  if (chosen.length === 0) return undefined;
  const own = subject.cluster?.namespace;
  const servers = chosen.map((d) => serverOf(d, flags.serverName, own));
  // What begins in plain text has no HTTP in it.
  const isPlain = flags.starttls !== '';
  const [reasons, callers] = await Promise.all([
    isPlain ? {} : http2Reasons(subject, chosen),
    isPlain ? undefined : callersOf(subject, servers),
  ]);
  return {
    servers: servers.map((one) => withApi(one, reasons, callers)),
    starttls: flags.starttls,
    expireDays: thresholdsIn(args, about).expireDays,
    ...callers?.unread,
  };
}

function withApi(
  server: TlsServer,
  reasons: Readonly<Record<string, string>>,
  callers: Callers | undefined,
): TlsServer {
  const { id } = server.destination;
  const [http2, own = []] = [reasons[id], callers?.of[id]];
  return {
    ...server,
    ...(http2 === undefined ? {} : { http2 }),
    ...(own.length === 0 ? {} : { callers: own }),
  };
}

function speaksTls({ url, grpc, port, anyPort }: Destination): boolean {
  if (grpc !== undefined) return grpc === 'tls';
  if (url !== undefined) return url.startsWith('https:');
  return !anyPort && TLS_PORTS.includes(port);
}

function serverOf(destination: Destination, given: string | undefined, own: string | undefined): TlsServer {
  const names = given === undefined ? namesOf(destination, own) : [given];
  // RFC 6066, section 3: an address is not a server name.
  const sni = names.find((name) => !isAddress(name)) ?? '';
  return { destination, sni, names };
}

/** What clients call it, the bare name in its own namespace alone; a pod has no name that they would use. */
function namesOf({ ref, pod, host }: Destination, own: string | undefined): string[] {
  if (ref?.kind === 'service') {
    return [...serviceNames(ref), ...(ref.namespace === own ? [ref.name] : [])];
  }
  return pod ? [] : [host];
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
