import { advice, NODE, nettools } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { enumerate, quoteQueries, strangersOf } from '../wording.ts';

const meta = {
  id: 'NT-DNS-017',
  title: 'Answers come from another address than was asked',
  severities: ['critical', 'warning'],
  meaning:
    "The server answers, but from another address than the query was sent to, and a resolver throws such answers away: to it the server is silent, while TCP works. A server that listens on all addresses of a host with several answers UDP from the first one. Behind a Service's address it means that the answer is not translated back on its way.",
  rule: 'A name server of resolv.conf answers no UDP query, and to at least one of them something came back from another address or port. Critical where no server of resolv.conf answers, a warning where another one does.',
  source: 'RFC 5452, 9.1, and RFC 2181, 4.1: an answer has to come from where the query went',
  remedy:
    'Let the server answer from the address that it is asked at: bind it to that address (listen-address of dnsmasq, bind of CoreDNS, interface: or interface-automatic: yes of unbound), or let what translates the address on the way translate it back.',
  explains: { depth: 926, target: ['NT-DNS-007', 'NT-DNS-009', 'NT-DNS-012'] },
} as const;

/** Of a Service whose answers are not translated back. */
const NOT_TRANSLATED = advice`See on the target's node whether answers from a pod on the same bridge pass its connection tracking: ${nettools`run ${NODE} -- sysctl net.bridge.bridge-nf-call-iptables`} (1 with the module br_netfilter loaded), and that the answer takes the way of the query.`;

export const otherSource: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const hit = facts.servers.filter((s) => s.udp.reach === 'silent' && strangersOf(s).length > 0);
    if (hit.length === 0) return [];
    const isService = hit.every((s) => s.service !== undefined);
    return [
      occurrence(
        meta,
        facts.servers.some((s) => s.udp.reach === 'answers') ? 'warning' : 'critical',
        `${hit.map((s) => told(facts, s)).join('; ')}: a resolver throws such answers away.`,
        quoteQueries(
          hit.flatMap((s) => s.udp.queries.filter((q) => q.strangers !== undefined)),
          2,
        ),
        isService ? { remediation: NOT_TRANSLATED } : {},
      ),
    ];
  },
};

function told(facts: DnsFacts, server: ServerFacts): string {
  const sources = strangersOf(server).map((source) => {
    const endpoint = facts.endpoints.find(({ address }) => source === `${address}#53`);
    return endpoint?.label ?? source.replace(/#53$/, '').replace('#', ' port ');
  });
  const why = server.service ? ', so they are not translated back to the address of the Service' : '';
  return `${server.label} answers, but from ${enumerate(sources)}${why}`;
}
