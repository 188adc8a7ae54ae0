/** From the evidence of a dns run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { Occurrence } from '../../model/finding.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import type { DnsQuery } from '../../parsers/dns-probe.ts';
import { MAX_SERVERS } from '../../parsers/resolv-conf.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason, firstLine, NOT_RUN, privilegesOf } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { formatMs } from '../shared/quote.ts';
import { because, noRight, noTool, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { distribution } from '../shared/statistics.ts';
import type { DnsFacts, DnsInput, NameFacts, ServerFacts, Transport } from './facts.ts';
import { dnsFacts } from './gathered.ts';
import { DNS_RULES } from './rules/index.ts';
import { enumerate, isAnswered, ofAll } from './wording.ts';

export function judgeDns(evidence: Evidence, input: DnsInput, words: PlaceWords = POD_WORDS): Judgement {
  const facts = dnsFacts(evidence, input);
  const broken = probeProblem(facts);
  const found = DNS_RULES.flatMap((rule) => rule.judge(facts));
  return conclude(evidence, {
    found,
    skips: skipped(evidence, facts, broken, words),
    measurements: measurements(facts),
    otherwise: () => outcome(facts, found, broken, words),
  });
}

/** How many ICMP messages the probe listens for (dns.sh). */
const ICMP_LIMIT = 20;

interface ProbeProblem {
  readonly status: 'skip' | 'error';
  readonly reason: Reason;
}

/** Why no server was asked. */
function probeProblem({ result, unread, probe, servers }: DnsFacts): ProbeProblem | undefined {
  if (unread !== undefined || !result) {
    const isCut = result !== undefined && cutReason(result) !== undefined;
    return { status: isCut ? 'error' : 'skip', reason: unread ?? NOT_RUN };
  }
  if (result.code === 127) return { status: 'skip', reason: noTool('dig') };
  if (probe.control === undefined || (probe.queries.length === 0 && servers.length > 0)) {
    const said = firstLine(result.stderr.trim().split('\n').at(-1) ?? '');
    return {
      status: 'error',
      reason: because(
        result.status === 'timeout' ? 'the queries did not finish in time' : (said ?? `code ${result.code}`),
      ),
    };
  }
  // The servers behind the cluster's Service may have been asked all the same.
  if (probe.queries.length === 0) return { status: 'skip', reason: because('resolv.conf names no server') };
  return undefined;
}

/** @param found what the rules found: nothing graver than an info */
function outcome(
  facts: DnsFacts,
  found: readonly Occurrence[],
  broken: ProbeProblem | undefined,
  words: PlaceWords,
): Outcome {
  if (broken)
    return {
      status: broken.status,
      summary: `The name servers were not queried: ${tell(broken.reason, words)}.`,
    };
  if (facts.noResolvConf !== undefined)
    return { status: 'error', summary: `resolv.conf could not be read: ${tell(facts.noResolvConf, words)}.` };
  // What is worth knowing of the names comes before what works.
  const notes = found.filter((f) => TOLD_FIRST.includes(f.id)).slice(0, 1);
  const said = notes.map((f) => f.summary);
  const isUp = (s: ServerFacts): boolean => s.udp.reach === 'answers';
  if (![...facts.servers, ...facts.endpoints].some(isUp))
    return {
      status: 'error',
      summary: said[0] ?? `No name server gave a usable answer: ${whyNone(facts)}.`,
    };
  // What the user asked for is not there, whatever works besides.
  const lost = facts.names.filter(
    ({ origin, resolver }) =>
      origin !== 'default' && resolver !== undefined && resolver.outcome !== 'resolved',
  );
  if (lost.length > 0)
    return {
      status: 'error',
      summary:
        said[0] ??
        `${enumerate(lost.map(({ name }) => name))} ${lost.length === 1 ? 'was' : 'were'} not found on the target.`,
    };
  return { status: 'pass', summary: [...said, whatWorks(facts)].join(' ') };
}

/** What became of the queries, where a rule makes nothing of it. */
function whyNone(facts: DnsFacts): string {
  const outcomes = facts.servers.flatMap((s) => s.udp.queries).map(({ error, outcome }) => error ?? outcome);
  return [...new Set(outcomes)].slice(0, 2).join(', ') || 'no server in resolv.conf was queried';
}

/** Infos that say something about what was asked for; others explain at length what works anyway. */
const TOLD_FIRST: readonly string[] = [
  'NT-DNS-001',
  'NT-DNS-021',
  'NT-DNS-005',
  'NT-DNS-008',
  'NT-DNS-010',
  'NT-DNS-016',
  'NT-DNS-019',
];

function whatWorks(facts: DnsFacts): string {
  const isUp = (s: ServerFacts): boolean => s.udp.reach === 'answers';
  const servers = facts.servers.filter(isUp);
  const endpoints = facts.endpoints.filter(isUp);
  const slowest = distribution(
    [...servers, ...endpoints].flatMap((s) => s.udp.queries).flatMap((q) => q.ms ?? []),
  )?.max;
  const costs = facts.names
    .filter((n) => n.cost !== undefined)
    .map((n) => `${n.name} costs ${n.cost} queries`)
    .slice(0, 2);
  const parts = [
    servers.length === 0
      ? `${facts.servers.length === 0 ? 'resolv.conf names no server' : `${enumerate(facts.servers.map((s) => s.label))} ${facts.servers.length === 1 ? 'is' : 'are'} silent`}${endpoints.length === 0 ? '' : `; ${countOf(endpoints.length, "of the cluster's DNS servers answers", "of the cluster's DNS servers answer")}`}`
      : `${enumerate(servers.map((s) => s.label))} ${servers.length === 1 ? 'answers' : 'answer'}${
          endpoints.length === 0
            ? ''
            : `, and so ${endpoints.length === 1 ? 'does the server' : `do the ${endpoints.length} servers`}${ofAll(
                facts.endpoints.length,
                facts.endpoints.map((e) => e.service),
              )} behind it`
        }`,
    ...(slowest === undefined ? [] : [`the slowest answer took ${formatMs(slowest)}`]),
    ...costs,
  ];
  return `${parts.join('; ')}.`;
}

function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function skipped(
  evidence: Evidence,
  facts: DnsFacts,
  broken: ProbeProblem | undefined,
  words: PlaceWords,
): Skips {
  const skips = new Skips(words);
  if (broken) skips.add(broken.reason, 'name servers');
  const { services, policies, names, destinations, leftOut = [] } = facts.input;
  if (leftOut.length > 0)
    skips.add(
      `${names.length + destinations.length} names is the most that is looked up; pass others to dns as arguments`,
      `the look-up of ${leftOut.length > 3 ? `${leftOut.length} of the names of --to, ${leftOut[0]} the first` : enumerate(leftOut)}`,
    );
  skips.add(services.skipped, 'the servers behind the DNS Service (NT-DNS-009, NT-DNS-010)');
  skips.add(policies.skipped, 'NetworkPolicies (NT-DNS-008)');
  for (const { what, reason } of policies.value?.unread ?? []) skips.add(reason, what);
  if (broken) return skips;
  for (const service of services.value ?? []) {
    const asked = facts.endpoints.filter((e) => e.service === service).length;
    if (asked < service.endpoints.length)
      skips.add(
        'they were not queried',
        `${service.endpoints.length - asked} of the ${service.endpoints.length} servers behind ${service.name} (NT-DNS-009)`,
      );
  }
  // The resolver asks these, so that nothing is known of what it meets there.
  for (const { address, udp } of facts.servers.slice(0, MAX_SERVERS))
    if (udp.reach === 'unasked') skips.add('it was not queried', `${address}, a server of resolv.conf`);
  skips.add(facts.noResolvConf, 'the servers and options in resolv.conf (NT-DNS-010)');
  const unknown = [
    ...new Set(facts.policy.udp.filter((v) => v.verdict.verdict === 'unknown').map((v) => v.label)),
  ];
  if (unknown.length > 0)
    skips.add(
      'policies apply to the pods behind that address, and these are unknown',
      `NetworkPolicies on the way to ${enumerate(unknown)} (NT-DNS-008)`,
    );
  if (facts.probe.names.length > 0 && facts.probe.resolver.length === 0)
    skips.add(noTool('getent and no bash'), 'getaddrinfo (NT-DNS-007)');
  const privileges = privilegesOf(evidence['status']);
  if (facts.servers.some((s) => s.udp.reach === 'refused') && facts.icmp.length === 0) {
    skips.add(
      facts.probe.icmp === undefined
        ? noTool('tcpdump')
        : privileges?.capabilities.includes('NET_RAW') === false
          ? noRight('needs NET_RAW')
          : (facts.probe.icmp.match(/\n/g)?.length ?? 0) + 1 >= ICMP_LIMIT
            ? `the first ${ICMP_LIMIT} ICMP messages, which are all that is captured, were about something else`
            : 'no ICMP message was seen',
      'who refused (the sender of the ICMP message)',
    );
  }
  return skips;
}

function measurements(facts: DnsFacts): { readonly [key: string]: Json } {
  const { resolvConf } = facts;
  return {
    resolvConf: {
      servers: resolvConf.servers,
      search: resolvConf.search,
      ndots: resolvConf.ndots,
      options: resolvConf.options,
    },
    servers: [...facts.servers, ...facts.endpoints].map(serverJson),
    names: facts.names.map(nameJson),
  };
}

function serverJson(server: ServerFacts): Json {
  return {
    address: server.address,
    role: server.role,
    service: server.service?.isDockers === true ? null : (server.service?.name ?? null),
    ...(server.role === 'endpoint' && server.service?.isDockers === true
      ? { askedBy: server.service.addresses.join() }
      : {}),
    pod: server.endpoint?.pod ?? null,
    node: server.endpoint?.node ?? null,
    udp: transportJson(server.udp),
    tcp: transportJson(server.tcp),
  };
}

function transportJson({ reach, queries }: Transport): Json {
  const answered = queries.filter(isAnswered);
  const series = answered.flatMap((q) => q.ms ?? []);
  const times = distribution(series);
  const rcodes: Record<string, number> = {};
  for (const { rcode } of answered) if (rcode !== undefined) rcodes[rcode] = (rcodes[rcode] ?? 0) + 1;
  return {
    reach,
    queries: queries.length,
    answered: answered.length,
    lostTries: queries.reduce((sum, q) => sum + q.lost - (q.late?.length ?? 0), 0),
    lateTries: queries.reduce((sum, q) => sum + (q.late?.length ?? 0), 0),
    rcodes,
    truncated: answered.filter((q) => q.truncated).length,
    ms: times ? { median: times.median, p99: times.p99, max: times.max } : null,
    timesMs: series,
  };
}

function nameJson(name: NameFacts): Json {
  return {
    name: name.name,
    origin: name.origin,
    queries: name.cost ?? null,
    found: name.found?.name ?? null,
    addresses: [...new Set(name.found?.answers.flatMap((a) => a.addresses) ?? [])],
    getaddrinfo: name.resolver
      ? { by: name.resolver.tool, ms: name.resolver.ms, outcome: name.resolver.outcome }
      : null,
    candidates: name.candidates.map((candidate) => ({
      name: candidate.name,
      A: answerText(candidate.answers, 'A'),
      AAAA: answerText(candidate.answers, 'AAAA'),
    })),
  };
}

/** The answers to one question in a word or two: `NXDOMAIN`, two addresses, `timeout`. */
function answerText(answers: readonly DnsQuery[], type: string): string {
  const own = answers.filter((a) => a.question.type === type);
  const texts = own.map((a) => {
    if (a.outcome !== 'answered') return a.outcome;
    if (a.loops) return 'CNAME loop';
    if (a.rcode !== 'NOERROR') return a.rcode ?? 'no rcode';
    const cut = a.truncated ? ' (cut)' : '';
    return a.addresses.length > 0 ? `${a.addresses.slice(0, 3).join(' ')}${cut}` : `no record${cut}`;
  });
  return [...new Set(texts)].join(' / ') || 'not asked';
}
