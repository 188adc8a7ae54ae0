/** Words and quotes that several rules of the dns check use. Pure. */
import type { Quote } from '../../model/report.ts';
import type { DnsQuery } from '../../parsers/dns-probe.ts';
import { formatMs, linesOf } from '../shared/quote.ts';
import type { DnsFacts, DnsService, KnownService, ServerFacts } from './facts.ts';

/** The question that every server of a cluster answers by itself, with the cluster's domain. */
export const CONTROL = /^kubernetes\.default\.svc\.(.+?)\.?$/i;

/** The whole name of a Service, or of a host behind it, in lower case; `undefined`: the cluster's domain is not known. */
export function serviceName(
  { host, name, namespace }: KnownService,
  { probe: { control = '' } }: DnsFacts,
): string | undefined {
  const domain = CONTROL.exec(control)?.[1]?.toLowerCase();
  const own = host === undefined ? name : `${host}.${name}`;
  return domain === undefined ? undefined : `${own}.${namespace}.svc.${domain}.`;
}

/** The command that asks the same again. */
export function digCommand({ server, port, protocol, question, limitMs, options }: DnsQuery): string[] {
  return [
    'dig',
    `@${server}`,
    ...(port === 53 ? [] : ['-p', String(port)]),
    ...(protocol === 'tcp' ? ['+tcp'] : []),
    ...(options ?? ['+noedns']),
    '+ignore',
    `+time=${limitMs / 1000}`,
    '+tries=1',
    question.name,
    question.type,
  ];
}

/** A query with the lines that tell what became of it. */
export function quoteQuery(query: DnsQuery): Quote {
  const { outcome, rcode, addresses, truncated, ms, error, loops, strangers = [] } = query;
  const lines =
    outcome === 'answered'
      ? [
          `status: ${rcode}${truncated ? ', flags: tc (truncated)' : ''}, Query time: ${formatMs(ms ?? 0)}${loops ? '; its CNAME records form a loop' : ''}`,
          ...addresses
            .slice(0, 3)
            .map((address) => `${query.question.name} ${query.question.type} ${address}`),
        ]
      : strangers[0] !== undefined
        ? [`;; reply from unexpected source: ${strangers[0]}, expected ${query.server}#${query.port}`]
        : outcome === 'garbled'
          ? [`;; an answer that is ${error ?? 'not a DNS message'}`]
          : [`;; ${error ?? 'no answer'}`, ';; no servers could be reached'];
  return { command: digCommand(query), excerpt: lines.join('\n') };
}

/** Some queries, one for each question that is not quoted yet. */
export function quoteQueries(queries: readonly DnsQuery[], most = 2): Quote[] {
  const seen = new Set<string>();
  return queries
    .filter((q) => {
      const key = `${q.server} ${q.protocol} ${q.question.name} ${q.question.type} ${q.rcode === 'NXDOMAIN'}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, most)
    .map(quoteQuery);
}

/** What a file on the target lists may be without end; no sentence is. */
const MOST_TOLD = 16;

/** `a`, `a and b`, `a, b and c`; of very many the first ones, and how many more there are. */
export function enumerate(words: readonly string[]): string {
  if (words.length > MOST_TOLD)
    return `${words.slice(0, MOST_TOLD - 1).join(', ')} and ${words.length - MOST_TOLD + 1} more`;
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Why an answer is as good as none, in words that follow "the answer is"; `undefined`: it is a good one, or none came. */
export function faultOf({ outcome, rcode, loops, error }: DnsQuery): string | undefined {
  if (outcome === 'garbled') return error ?? 'not a DNS message';
  if (outcome !== 'answered') return undefined;
  if (loops) return 'a CNAME loop';
  return rcode === 'NOERROR' || rcode === 'NXDOMAIN' ? undefined : rcode;
}

export function isAnswered(query: DnsQuery): boolean {
  return query.outcome === 'answered';
}

/** resolv.conf as it stood there, cut to the lines that count. */
export function quoteResolvConf({ resolvConfResult }: DnsFacts): Quote[] {
  if (!resolvConfResult) return [];
  const lines = linesOf(resolvConfResult).filter((line) =>
    /^\s*(nameserver|search|domain|options)\b|^# Used default/.test(line),
  );
  return [
    { command: resolvConfResult.command, excerpt: lines.join('\n').slice(0, 600) || 'no nameserver line' },
  ];
}

/** ` (of 20)` where a Service has more servers than were asked: what is said of some is not said of all. */
export function ofAll(asked: number, services: readonly (DnsService | undefined)[]): string {
  const all = new Set(services.filter((s) => s !== undefined));
  const ready = [...all].reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  return ready > asked ? ` (of ${ready})` : '';
}

/** The endpoints of a server's Service that were asked, by whether they answer over UDP. */
export function behind(
  facts: DnsFacts,
  server: ServerFacts,
): { answering: ServerFacts[]; failing: ServerFacts[] } {
  const own = facts.endpoints.filter((e) => server.service !== undefined && e.service === server.service);
  return {
    answering: own.filter((e) => e.udp.reach === 'answers'),
    failing: own.filter((e) => e.udp.reach !== 'answers' && e.udp.reach !== 'unasked'),
  };
}

/** Where answers to a server's UDP queries came from that is not the server, as `ADDRESS#PORT`. */
export function strangersOf({ udp }: ServerFacts): string[] {
  return [...new Set(udp.queries.flatMap(({ strangers = [] }) => strangers))];
}

export function countServers(servers: number): string {
  return servers === 1 ? 'only server' : `${servers} servers`;
}

/** NodeLocal DNSCache listens on a link-local address of the node. */
export function isNodeLocal(address: string): boolean {
  return /^(169\.254\.|fe80:)/i.test(address);
}

/** The name server that a cloud has on each machine's link: that of AWS, and those of Google and Oracle (metadata). */
export function isOfCloud(address: string): boolean {
  return address === '169.254.169.253' || address === '169.254.169.254';
}
