import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { seenOf } from '../../shared/measured.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ConntrackFacts, Translated, VirtualService } from '../facts.ts';

const meta = {
  id: 'NT-CT-003',
  title: 'Connections to a Service are still sent to an endpoint that is gone',
  severities: ['critical'],
  meaning:
    'The connection table remembers which endpoint a client was sent to. When that endpoint goes away and the entry stays, the client keeps talking to nobody: each packet it sends prolongs the entry. UDP clients with a fixed port (DNS forwarders, syslog, SIP) suffer from this after a rollout.',
  rule: 'An entry that leads from the address of a Service to an address that is not one of its endpoints and no loopback address (what a rule redirects to a proxy), and that is still in use: its time-out was set again during the run; of UDP also where it has no answer, of TCP, which waits for its first answer, also where it was made during the run.',
  source: 'kube-proxy deletes such UDP entries itself (kubernetes issue 19029); conntrack(8)',
  remedy: advice`Delete the entries: ${nettools`run ${TARGET} -- conntrack -D -p udp --orig-dst SERVICE-ADDRESS --reply-src GONE-ADDRESS`}. If they come back, look at whatever programs Services on this node (kube-proxy, the CNI): its rules still name the old endpoint.`,
} as const;

const LOOPBACK = /^127\.|^::1$/;

/** The Service that an entry was made for, when the endpoint that it leads to is not one of its any more. */
function staleService(
  { entry }: Translated,
  services: readonly VirtualService[],
): VirtualService | undefined {
  const service = services.find(
    ({ addresses, ports }) =>
      addresses.includes(entry.original.destination) &&
      ports.some(
        ({ protocol, port }) =>
          protocol === entry.protocol && String(port) === entry.original.destinationPort,
      ),
  );
  // A rule that redirects (a mesh's sidecar) leads to a proxy here, which goes on to the endpoints that there are.
  if (LOOPBACK.test(entry.reply.source)) return undefined;
  return service?.endpoints.includes(entry.reply.source) === false ? service : undefined;
}

interface Stale {
  readonly service: VirtualService;
  readonly gone: string;
  readonly entries: readonly Translated[];
}

export const staleDnat: Rule<ConntrackFacts> = {
  meta,
  judge: ({ translated, services }) => {
    const groups = new Map<string, Stale>();
    for (const one of seenOf(translated) ?? []) {
      const service = one.isLive ? staleService(one, services) : undefined;
      if (!service) continue;
      const gone = one.entry.reply.source;
      const key = `${service.namespace}/${service.name} ${one.entry.protocol} ${gone}`;
      groups.set(key, { service, gone, entries: [...(groups.get(key)?.entries ?? []), one] });
    }
    return [...groups.values()].flatMap(finding);
  },
};

function finding({ service, gone, entries }: Stale): Occurrence[] {
  const [first] = entries;
  if (!first) return [];
  const { protocol, original } = first.entry;
  const address = socketAddress(original.destination, original.destinationPort);
  const count = entries.length === 1 ? '1 connection' : `${entries.length} connections`;
  const lead = entries.length === 1 ? 'leads' : 'lead';
  const forget = ['conntrack', '-D', '-p', protocol, '--orig-dst', original.destination, '--reply-src', gone];
  return [
    occurrence(
      meta,
      'critical',
      `${count} to svc/${service.name} in ${service.namespace} (${address}/${protocol}) still ${lead} to ${gone}, which is not among its endpoints (${service.endpoints.slice(0, 3).join(', ') || 'none'}${service.endpoints.length > 3 ? `, and ${service.endpoints.length - 3} more` : ''}).`,
      [
        {
          command: first.result.command,
          excerpt: entries
            .slice(0, 3)
            .map(({ entry }) => entry.line)
            .join('\n'),
        },
      ],
      {
        subject: `svc/${service.name}`,
        remediation: advice`Delete the entries. If they come back, look at whatever programs Services there (kube-proxy, the CNI, a mesh): its rules still name the old endpoint.\n${onTarget(...forget)}`,
      },
    ),
  ];
}
