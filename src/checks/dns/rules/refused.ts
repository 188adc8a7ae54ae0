import type { SeenIcmpError } from '../../../parsers/tcpdump-icmp.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { enumerate, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-002',
  title: 'Name server refused',
  severities: ['critical'],
  meaning:
    'The query is answered at once by an ICMP "port unreachable": nothing listens on UDP 53 there, the Service has no ready endpoint, or a firewall rejects. Its sender tells which.',
  rule: 'Every name server of resolv.conf that was asked fails, and at least one of them with "connection refused".',
  source: 'RFC 1122, 4.1.3.1: port unreachable is passed on to the application',
  remedy:
    'Look whether the DNS Service has ready endpoints (kubectl -n kube-system get endpointslices -l k8s-app=kube-dns) and whether its pods listen on the port that they name.',
  explains: { depth: 920, target: ['NT-DNS-001', 'NT-DNS-009'] },
  remedyOutside:
    'Nothing listens on port 53 there: look whether the name server in /etc/resolv.conf is the right one and runs (for 127.0.0.53: systemctl status systemd-resolved).',
} as const;

export const refused: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const asked = facts.servers.filter((s) => s.udp.reach !== 'unasked');
    const hit = asked.filter((s) => s.udp.reach === 'refused');
    if (hit.length === 0 || asked.some((s) => s.udp.reach === 'answers' || s.udp.reach === 'garbled'))
      return [];
    const queries = hit.flatMap((s) => s.udp.queries);
    const count = queries.filter((q) => q.outcome === 'refused').length;
    const { text, seen } = reason(facts, hit);
    return [
      occurrence(
        meta,
        'critical',
        `${enumerate(hit.map((s) => s.label))} refused ${count} of ${queries.length} UDP queries at once (ICMP port unreachable)${text}.`,
        [
          ...quoteQueries(
            queries.filter((q) => q.outcome === 'refused'),
            2,
          ),
          ...(seen
            ? [{ command: ['tcpdump', '-nn', '-i', 'any', 'icmp or icmp6'], excerpt: seen.line }]
            : []),
        ],
      ),
    ];
  },
};

interface Reason {
  readonly text: string;
  /** The message that tells. */
  readonly seen?: SeenIcmpError;
}

function reason(facts: DnsFacts, hit: readonly ServerFacts[]): Reason {
  const empty = hit.find((s) => s.service !== undefined && s.service.endpoints.length === 0)?.service;
  const about = (servers: readonly ServerFacts[]): SeenIcmpError | undefined =>
    facts.icmp.find((e) => servers.some((s) => s.address === e.destination));
  // What is translated for a Service comes back with the Service's address as its sender, whoever sent it.
  const direct = about(facts.endpoints.filter((e) => hit.some((s) => s.service === e.service)));
  const seen = direct ?? about(hit);
  if (empty) return { text: `: the Service ${empty.name} has no ready endpoint`, ...(seen ? { seen } : {}) };
  if (!seen) return { text: '' };
  if (facts.input.pod.addresses.includes(seen.sender)) {
    return {
      text: `, sent by ${seen.sender}, the target itself: a REJECT rule of its own network namespace`,
      seen,
    };
  }
  if (seen.sender !== seen.destination) {
    return {
      text: `, sent by ${seen.sender}, which is not the server: a firewall on the way rejects`,
      seen,
    };
  }
  if (!direct && hit.some((s) => s.service !== undefined)) {
    return {
      text: ', sent in the name of the Service: its endpoints refuse, or a firewall on the way',
      seen,
    };
  }
  return {
    text: `, sent by ${seen.sender}, the server itself: nothing listens there, or its own firewall rejects`,
    seen,
  };
}
