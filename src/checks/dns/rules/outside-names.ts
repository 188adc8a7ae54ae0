import { advice, kubectl, nettools } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { CONTROL, enumerate, isAnswered, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-018',
  title: 'Names outside the cluster do not resolve',
  severities: ['critical'],
  meaning:
    'The name server answers for names of the cluster, which it serves itself, but for no name outside it, which it forwards. The fault is behind the server: it has no forwarder, forwards to itself or to a server that no longer exists, or its upstream does not answer it (over TCP, for example, if it insists on that).',
  rule: "A name server answers the API server's own name with an address, but at least two queries for names outside the cluster's domain with nothing or with an error (not NXDOMAIN), and neither it nor a server behind its Service gives any other answer for such a name. A single name that only gets errors is left to NT-DNS-004: its own zone may be at fault.",
  source: 'Kubernetes: Customizing DNS Service; CoreDNS: plugin forward',
  remedy: advice`Check where the DNS servers forward to: ${kubectl`-n kube-system get configmap coredns -o yaml`}. Without a line "forward . …" no outside name resolves; "forward . /etc/resolv.conf" means the servers of the DNS pod's node, where a loopback address (127.0.0.53) would be the pod itself. Then query those over UDP and TCP from such a pod: ${nettools`dns -n kube-system deploy/coredns NAME`}. Its log shows the errors: ${kubectl`-n kube-system logs -l k8s-app=kube-dns --tail=50`}.`,
  explains: { depth: 924, target: ['NT-DNS-004', 'NT-DNS-007', 'NT-DNS-009', 'NT-DNS-011', 'NT-DNS-012'] },
} as const;

const LEAST = 2;

/** A server that answers for the cluster alone, and what became of the other queries. */
interface Stranded {
  readonly server: ServerFacts;
  readonly failed: readonly DnsQuery[];
  readonly names: readonly string[];
}

/** The servers of resolv.conf for whom every name outside of the cluster fails. */
export function stranded(facts: DnsFacts): Stranded[] {
  const domain = CONTROL.exec(facts.probe.control ?? '')?.[1]?.toLowerCase();
  if (domain === undefined) return [];
  const isOutside = ({ question }: DnsQuery): boolean => {
    const name = question.name.toLowerCase().replace(/\.$/, '');
    return name !== domain && !name.endsWith(`.${domain}`);
  };
  return facts.servers.flatMap((server): Stranded[] => {
    const known = server.udp.queries.some(
      (q) => isAnswered(q) && q.question.name === facts.probe.control && q.addresses.length > 0,
    );
    const behind = facts.endpoints.filter(
      (e) => server.service !== undefined && e.service === server.service,
    );
    const asked = [server, ...behind].flatMap((s) => s.udp.queries).filter(isOutside);
    const failed = server.udp.queries.filter(isOutside);
    // What it knows over TCP it has heard: only its datagrams are lost (NT-DNS-023).
    const isKnownByTcp = server.tcp.queries.some((q) => isOutside(q) && q.addresses.length > 0);
    if (!known || failed.length < LEAST || !asked.every(isFailure) || isKnownByTcp) return [];
    const names = [...new Set(failed.map(({ question }) => question.name))];
    // The zone of one name may be what is broken; whoever asks for it then gets an error, and no silence.
    const isSure = names.length > 1 || failed.some(({ outcome }) => outcome === 'timeout');
    return isSure ? [{ server, failed, names }] : [];
  });
}

function isFailure({ outcome, rcode }: DnsQuery): boolean {
  return outcome === 'timeout' || (outcome === 'answered' && rcode !== 'NOERROR' && rcode !== 'NXDOMAIN');
}

function what({ outcome, rcode, limitMs }: DnsQuery): string {
  return outcome === 'timeout' ? `no answer within ${limitMs / 1000} s` : (rcode ?? 'an error');
}

function finding({ server, failed, names }: Stranded): Occurrence {
  const told = names.slice(0, 2).map((name) => {
    const own = failed.filter(({ question }) => question.name === name);
    return `${name} ${enumerate([...new Set(own.map(what))])}`;
  });
  const more = names.length > told.length ? `, and ${names.length - told.length} more` : '';
  const whose =
    names.length > 1 ? 'its upstream fails' : 'its upstream fails, or the servers of that one name do';
  return occurrence(
    meta,
    'critical',
    `${server.label} answers for names of the cluster, but for none outside it (${told.join('; ')}${more}): ${whose}.`,
    [
      ...quoteQueries(failed, 2),
      ...quoteQueries(
        server.udp.queries.filter((q) => q.addresses.length > 0),
        1,
      ),
    ],
  );
}

export const outsideNames: Rule<DnsFacts> = {
  meta,
  judge: (facts) => stranded(facts).map(finding),
};
