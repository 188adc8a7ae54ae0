import type { Occurrence } from '../../../model/finding.ts';
import type { DnsQuery } from '../../../parsers/dns-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { isWithoutTcp } from '../without-tcp.ts';
import { quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-003',
  title: 'TCP 53 is blocked',
  severities: ['warning', 'info'],
  meaning:
    'Answers that do not fit into 512 bytes are truncated, and the resolver retries over TCP. If TCP 53 is blocked, names with large answers (many endpoints, long TXT or SRV records) fail or resolve in part, while all others work.',
  rule: 'A name server answers over UDP but not over TCP. It is a warning if an answer that the target needs was truncated (flag TC), and an info if none was, or if a single query failed while the server answers others over TCP.',
  source: 'RFC 7766: TCP is a required transport of DNS; RFC 1035, 4.2.1: 512 bytes over UDP',
  remedy:
    'Allow TCP 53 as well as UDP 53 wherever DNS is allowed: in the NetworkPolicies (ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]), in security groups and in firewalls.',
} as const;

export const tcpBlocked: Rule<DnsFacts> = {
  meta,
  judge: (facts) => facts.servers.flatMap((server) => judge(server, facts)),
};

const UPDATE_ENGINE =
  "Nothing blocks it: older name servers of podman's networks do not listen on TCP 53. Update aardvark-dns (1.12 or later) where names with large answers matter.";

function judge(server: ServerFacts, facts: DnsFacts): Occurrence[] {
  if (server.udp.reach !== 'answers') return [];
  const cut = server.udp.queries.filter((q) => q.truncated);
  const failed = cut.find((q) => isFailedOverTcp(server, q));
  // What comes back garbled is not blocked.
  const isDead = !['answers', 'garbled', 'unasked'].includes(server.tcp.reach);
  const how = howTcpFails(server);
  if (failed) {
    const { name, type } = failed.question;
    const lost = server.tcp.queries.filter((q) => q.outcome !== 'answered');
    const isOnce = !isDead && lost.length === 1;
    return [
      occurrence(
        meta,
        isOnce ? 'info' : 'warning',
        `The answer of ${server.label} for ${name} ${type} is truncated at 512 bytes (TC), and the retry over TCP fails: ${how}${isOnce ? '; others are answered over TCP, measure again' : ''}.`,
        [...quoteQueries([failed], 1), ...quoteQueries(tcpQueries(server, failed), 1)],
      ),
    ];
  }
  if (!isDead) return [];
  return [
    occurrence(
      meta,
      'info',
      `${server.label} answers over UDP but not over TCP (${how}); no answer was truncated in this run, but any larger than 512 bytes will fail.`,
      quoteQueries(server.tcp.queries, 1),
      isWithoutTcp(server, facts) ? { remediation: UPDATE_ENGINE } : {},
    ),
  ];
}

/** TCP queries for the same question, or any where this one was not asked because TCP was dead already. */
function tcpQueries(server: ServerFacts, cut: DnsQuery): readonly DnsQuery[] {
  const same = server.tcp.queries.filter(
    (q) => q.question.name === cut.question.name && q.question.type === cut.question.type,
  );
  return same.length > 0 ? same : server.tcp.queries;
}

function isFailedOverTcp(server: ServerFacts, cut: DnsQuery): boolean {
  const tries = tcpQueries(server, cut);
  return tries.length > 0 && tries.every((q) => q.outcome !== 'answered' && q.outcome !== 'garbled');
}

function howTcpFails({ tcp }: ServerFacts): string {
  const last = tcp.queries.findLast((q) => q.outcome !== 'answered');
  if (last === undefined) return 'no answer';
  return last.outcome === 'timeout'
    ? `no answer within ${last.limitMs / 1000} s`
    : (last.error ?? 'no answer');
}
