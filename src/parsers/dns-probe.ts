/** Parses what src/probes/dns.sh prints. Pure. */
import { type DigAnswer, parseDig } from './dig.ts';

/** A question; its name ends with a dot. */
export interface Question {
  readonly name: string;
  readonly type: string;
}

/** One query and what came of it. */
export interface DnsQuery extends DigAnswer {
  /** `server`: of resolv.conf. `endpoint`: behind the cluster's DNS Service. */
  readonly role: 'server' | 'endpoint';
  readonly server: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  /** How long dig waited for an answer. */
  readonly limitMs: number;
  readonly question: Question;
  /** Words of dig that make it a question of its own for caches; absent: without EDNS. */
  readonly options?: readonly string[];
  /** dig's own lines for its whole run. */
  readonly text: string;
  /** Of the tries that are counted as `lost`: how long answers took that came after the time was up, in ms. Only the prober waits for them. */
  readonly late?: readonly number[];
}

/** One call of getaddrinfo. */
export interface ResolverRun {
  readonly tool: 'getent' | 'bash';
  readonly name: string;
  /** To a hundredth of a second. */
  readonly ms: number;
  readonly outcome: 'resolved' | 'unresolved' | 'temporary-failure' | 'time-out';
  readonly said: string;
}

/** All that the probe found. */
export interface DnsProbe {
  /** The question that a server answers by itself; absent: the probe did not run. */
  readonly control: string | undefined;
  /** Names, each with what the resolver asks for it, in its order. */
  readonly names: readonly { readonly name: string; readonly candidates: readonly string[] }[];
  readonly queries: readonly DnsQuery[];
  readonly resolver: readonly ResolverRun[];
  /** What writing to the sockets of silent servers said; empty: the datagram was let out. */
  readonly sends: readonly { readonly server: string; readonly error: string }[];
  /** What tcpdump saw; absent: it was not asked or could not run. */
  readonly icmp: string | undefined;
}

/** The exit code of timeout(1). */
const TIMED_OUT = 124;

export function parseDnsProbe(stdout: string): DnsProbe {
  const names: { name: string; candidates: string[] }[] = [];
  const queries: DnsQuery[] = [];
  const resolver: ResolverRun[] = [];
  const sends: { server: string; error: string }[] = [];
  const late: LateAnswer[] = [];
  let control: string | undefined;
  let icmp: string | undefined;
  for (const { words, text } of frames(stdout)) {
    const [verb, first = '', second = '', ...rest] = words;
    if (verb === 'control') control = first;
    else if (verb === 'name')
      names.push({ name: first, candidates: [second, ...rest].filter((c) => c !== '') });
    else if (verb === 'query') for (const query of queriesOf(first, second, rest, text)) queries.push(query);
    else if (verb === 'resolver') resolver.push(resolverRun(first, second, rest, text));
    else if (verb === 'send') sends.push({ server: first, error: sendError(text) });
    else if (verb === 'icmp') icmp = text;
    else if (verb === 'late') {
      const [name = '', type = '', us] = rest;
      late.push({ server: first, port: Number(second), name, type, ms: Number(us) / 1000 });
    }
  }
  return { control, names, queries: withLate(queries, late), resolver, sends, icmp };
}

/** An answer that came when nobody waited for it any more. */
interface LateAnswer extends Question {
  readonly server: string;
  readonly port: number;
  readonly ms: number;
}

/** Each late answer is that of the first try of its question that got none. */
function withLate(queries: readonly DnsQuery[], all: readonly LateAnswer[]): DnsQuery[] {
  const left = [...all];
  return queries.map((query) => {
    const { server, port, protocol, question, lost } = query;
    const late: number[] = [];
    while (protocol === 'udp' && late.length < lost) {
      const at = left.findIndex(
        (one) =>
          one.server === server &&
          one.port === port &&
          one.name === question.name &&
          one.type === question.type,
      );
      if (at < 0) break;
      late.push(...left.splice(at, 1).map(({ ms }) => ms));
    }
    return late.length === 0 ? query : { ...query, late };
  });
}

function frames(stdout: string): { readonly words: readonly string[]; readonly text: string }[] {
  const found: { words: string[]; lines: string[] }[] = [];
  for (const line of stdout.split('\n')) {
    if (line.startsWith('|')) found.at(-1)?.lines.push(line.slice(1));
    else if (line.trim() !== '') found.push({ words: line.trim().split(/\s+/), lines: [] });
  }
  return found.map(({ words, lines }) => ({ words, text: lines.join('\n') }));
}

function queriesOf(role: string, server: string, rest: readonly string[], text: string): DnsQuery[] {
  const [port, protocol, seconds, _tries, ...asked] = rest;
  const questions: Question[] = [];
  for (let i = 0; i + 1 < asked.length; i += 2)
    questions.push({ name: asked[i] ?? '', type: asked[i + 1] ?? '' });
  return parseDig(text, questions.length).map((answer, i) => ({
    ...answer,
    role: role === 'endpoint' ? 'endpoint' : 'server',
    server,
    port: Number(port),
    protocol: protocol === 'tcp' ? 'tcp' : 'udp',
    limitMs: Number(seconds) * 1000,
    question: questions[i] ?? { name: '', type: '' },
    text,
  }));
}

function resolverRun(tool: string, name: string, rest: readonly string[], said: string): ResolverRun {
  const code = Number(rest[1]);
  return {
    tool: tool === 'getent' ? 'getent' : 'bash',
    name,
    ms: Number(rest[0]) * 10,
    outcome: resolverOutcome(tool, code, said),
    said,
  };
}

function resolverOutcome(tool: string, code: number, said: string): ResolverRun['outcome'] {
  if (code === 0) return 'resolved';
  if (code === TIMED_OUT) return 'time-out';
  if (/Temporary failure/i.test(said)) return 'temporary-failure';
  if (/not known|No address associated|Name does not resolve/i.test(said)) return 'unresolved';
  // getent exits with 2 and says nothing; bash that found an address may still have no route to it.
  return tool === 'getent' ? 'unresolved' : 'resolved';
}

/** `send: line 1: echo: write error: Operation not permitted` */
function sendError(text: string): string {
  return text.trim().split('\n').at(-1)?.split(': ').at(-1) ?? '';
}
