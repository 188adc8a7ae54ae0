import { advice, NODE, nettools } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { enumerate, quoteQueries, strangersOf } from '../wording.ts';

const meta = {
  id: 'NT-DNS-017',
  title: 'Answers come from another address than the one queried',
  severities: ['critical', 'warning'],
  meaning:
    "The server answers from another address than the query was sent to, and resolvers discard such answers: to them the server is silent, while TCP works. A server that listens on the wildcard address of a host with several addresses may answer UDP from the first of them. Behind a Service's address it means that the answer is not translated back on its way.",
  rule: 'A name server of resolv.conf answers no UDP query, and for at least one query something came back from another address or port. Critical if no server of resolv.conf answers, a warning if another one does.',
  source: 'RFC 5452, 9.1, and RFC 2181, 4.1: an answer must come from the address that was queried',
  remedy:
    'Make the server answer from the address that was queried: bind it to that address (listen-address in dnsmasq, bind in CoreDNS, interface: or interface-automatic: yes in unbound), or fix whatever translates the address on the way so that it translates the answer back.',
  explains: { depth: 926, target: ['NT-DNS-007', 'NT-DNS-009', 'NT-DNS-012'] },
} as const;

/** Of a Service whose answers are not translated back. */
const NOT_TRANSLATED = advice`Check on the target's node that answers from a pod on the same bridge pass connection tracking: ${nettools`run ${NODE} -- sysctl net.bridge.bridge-nf-call-iptables`} (1, with the module br_netfilter loaded), and that answers take the path of the query.`;

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
        `${hit.map((s) => told(facts, s)).join('; ')}: resolvers discard such answers.`,
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
  const why = server.service ? ', so its answers are not translated back to the address of the Service' : '';
  return `${server.label} answers, but from ${enumerate(sources)}${why}`;
}
