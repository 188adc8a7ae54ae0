import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { most } from '../../shared/statistics.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { isWithoutTcp } from '../without-tcp.ts';
import { enumerate, faultOf, ofAll, quoteQueries } from '../wording.ts';
import { isBad } from './servfail.ts';

const meta = {
  id: 'NT-DNS-009',
  title: 'Some name servers fail',
  severities: ['warning', 'info'],
  meaning:
    'One of several name servers of resolv.conf, or one of several servers behind the cluster DNS Service, fails while the others answer. Lookups that hit it wait 5 s or fail, the others are fast: names resolve "sometimes".',
  rule: "Of at least two servers of the same kind, at least one answers and at least one fails: it is silent or refuses over UDP or TCP, or gives an answer that NT-DNS-004 counts to a question that another one answers well. A single such answer is an info: any server fails once. A container engine's own name server in resolv.conf that answers over UDP, no answer cut, and refuses TCP is left to NT-DNS-003.",
  source: 'none needed: servers of one kind should be replicas of each other',
  remedy: advice`Remove or repair the failing server. A pod behind the Service: read its log (${kubectl`-n kube-system logs POD`}), then delete the pod so that it is recreated, and check its node if others there fail too. A server in resolv.conf: remove it from dnsConfig or from the node.`,
  explains: { depth: 930, target: ['NT-DNS-004', 'NT-DNS-007', 'NT-DNS-011'] },
  remedyOutside:
    'Remove the failing server from /etc/resolv.conf (or from whatever writes that file: DHCP, NetworkManager, systemd-resolved), or repair it.',
} as const;

export const partial: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const services = [...new Set(facts.endpoints.map((e) => e.service))];
    return [
      ...judge(
        facts.servers,
        (failing, all) => `${failing} of ${all} name servers in resolv.conf`,
        (server) => isWithoutTcp(server, facts),
      ),
      ...services.flatMap((service) =>
        judge(
          facts.endpoints.filter((e) => e.service === service),
          (failing, all) =>
            service?.isDockers === true
              ? `${failing} of the ${all} servers that Docker's name server (${service.addresses.join()}) asks`
              : `${failing} of ${all} servers${ofAll(all, [service])} behind ${service?.name}`,
        ),
      ),
    ];
  },
};

interface Failure {
  readonly server: ServerFacts;
  readonly how: string;
  readonly proof: readonly DnsQuery[];
  /** A single answer among good ones. */
  readonly isOnce: boolean;
}

function judge(
  servers: readonly ServerFacts[],
  title: (failing: number, all: number) => string,
  isSpared: (server: ServerFacts) => boolean = () => false,
): Occurrence[] {
  const failures = servers.flatMap((server) => failureOf(server, servers, isSpared(server)));
  if (failures.length === 0 || failures.length === servers.length) return [];
  const good = servers.find((s) => failures.every((f) => f.server !== s));
  const names = failures.map(({ server, how }) => {
    const node = server.endpoint?.node;
    return `${server.label}${node === undefined ? '' : ` on ${node}`} ${how}`;
  });
  return [
    occurrence(
      meta,
      failures.every(({ isOnce }) => isOnce) ? 'info' : 'warning',
      `${title(failures.length, servers.length)} ${failures.length === 1 ? 'fails' : 'fail'}: ${enumerate(names)}; ${good?.label} answers.`,
      [
        ...failures.slice(0, 2).flatMap((f) => quoteQueries(f.proof, 1)),
        ...quoteQueries(good?.udp.queries ?? [], 1),
      ],
    ),
  ];
}

/**
 * How a server fails where another of its kind does not.
 * @param isSpared it is not expected to answer over TCP
 */
function failureOf(server: ServerFacts, all: readonly ServerFacts[], isSpared: boolean): Failure[] {
  for (const protocol of isSpared ? (['udp'] as const) : (['udp', 'tcp'] as const)) {
    const own = server[protocol];
    const isServed = all.some((s) => s[protocol].reach === 'answers');
    if (own.reach === 'answers' || own.reach === 'unasked' || !isServed) continue;
    return [{ server, how: howItFails(own.queries, protocol), proof: own.queries, isOnce: false }];
  }
  const bad = server.udp.queries.filter(
    (q) => isBad(q) && all.some((s) => s !== server && answersWell(s, q)),
  );
  if (bad.length === 0) return [];
  const isOnce = bad.length === 1;
  const once = isOnce ? ' (seen once; measure again)' : '';
  return [
    {
      server,
      how: `answers ${bad[0] && faultOf(bad[0])} for ${bad[0]?.question.name}${once}`,
      proof: bad,
      isOnce,
    },
  ];
}

function answersWell(server: ServerFacts, { question }: DnsQuery): boolean {
  const same = server.udp.queries.filter(
    (q) => q.outcome === 'answered' && q.question.name === question.name && q.question.type === question.type,
  );
  return same.length > 0 && same.every((q) => !isBad(q));
}

export function howItFails(queries: readonly DnsQuery[], protocol: 'udp' | 'tcp'): string {
  const last = queries.at(-1);
  const by = protocol.toUpperCase();
  if (last?.outcome === 'garbled')
    return `answers ${queries.length} queries over ${by}, but the answer is ${last.error ?? 'not a DNS message'}`;
  if (last?.outcome === 'timeout') {
    const limitMs = most(queries.map((q) => q.limitMs)) ?? 0;
    return `answers none of ${queries.length} queries over ${by} within ${limitMs / 1000} s`;
  }
  const isNoHost = /invalid argument|cannot assign/i.test(last?.error ?? '');
  return `answers none of ${queries.length} queries over ${by} (${isNoHost ? 'no packet can be sent to such an address: ' : ''}${last?.error ?? 'no answer'})`;
}
