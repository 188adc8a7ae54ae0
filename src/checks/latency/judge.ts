/** From the evidence of a latency run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import type { HttpTiming } from '../../parsers/curl.ts';
import { growth } from '../../parsers/proc-net.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { noJson } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { formatMs } from '../shared/quote.ts';
import { because, noTool, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { type Distribution, distribution, histogram, least, most } from '../shared/statistics.ts';
import { limitedJson } from './cpu-limits.ts';
import { answeredMs, judgedRtt, type LatencyFacts, type LatencyInput, type PathFacts } from './facts.ts';
import { latencyFacts } from './gathered.ts';
import type { RestFacts } from './resting.ts';
import { LATENCY_RULES } from './rules/index.ts';
import { MIN_PROBES } from './rules/loss.ts';

/** Bars of a destination's histogram. */
const HISTOGRAM_BINS = 16;

export function judgeLatency(
  evidence: Evidence,
  input: LatencyInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const { count, intervalMs } = input;
  const facts = latencyFacts(evidence, input);
  return conclude(evidence, {
    found: LATENCY_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, count, words),
    measurements: measurements(facts),
    otherwise: () => outcome(facts, words, { count, intervalMs }),
  });
}

/** Whether there is anything to judge; a destination that gave no answer at all has been measured too. */
function measured(path: PathFacts): boolean {
  return judgedRtt(path) !== undefined || (path.tcp.value?.tries.length ?? 0) > 0;
}

/** What the image or the rights kept from being measured is not a pass; what the target does not have is. */
function outcome(
  { paths }: LatencyFacts,
  words: PlaceWords,
  { count, intervalMs }: Pick<LatencyInput, 'count' | 'intervalMs'>,
): Outcome {
  // A gateway or a name server that the target does not have is not a destination.
  const there = paths.filter((p) => p.tcp.skipped?.code !== 'no-place');
  const lost = there.find((path) => !measured(path));
  if (!there.some(measured)) return { status: 'error', summary: 'No destination could be measured.' };
  if (lost)
    return {
      status: 'error',
      summary: `${lost.destination.label} could not be measured: ${tell(lost.tcp.skipped ?? lost.icmp.skipped ?? because('no answer'), words)}.`,
    };
  const rtts = paths.flatMap((p) => judgedRtt(p)?.distribution ?? []);
  // That those which were asked for are silent is a finding; here is no round trip to judge.
  if (rtts.length === 0) return { status: 'error', summary: 'No destination answered.' };
  // Why it took as long as it did.
  const probes = `${count} ${count === 1 ? 'probe' : 'probes'} to each in ${((count * intervalMs) / 1000).toFixed(1)} s`;
  return {
    status: 'pass',
    summary: `${rtts.length} of ${there.length} destinations answered, the slowest with a p95 of ${formatMs(most(rtts.map((d) => d.p95)) ?? 0)} (${probes}).${restText(paths)}`,
  };
}

/** What the wait for the end of connections at rest came to, where nothing is wrong with it. */
function restText(paths: readonly PathFacts[]): string {
  const all = paths.flatMap(({ destination: { url }, rest }) => {
    const { outcome, ms = 0, isAnnounced } = rest?.resting.value ?? {};
    if (outcome === undefined) return [];
    return outcome === 'kept'
      ? `${url} keeps a connection that rests for ${formatMs(ms)} and longer`
      : `${url} ends a connection ${isAnnounced ? 'with its answer, as it says' : `that rests after ${formatMs(ms)}`}`;
  });
  return all.length === 0 ? '' : ` ${all.join('; ')}.`;
}

function skipped(facts: LatencyFacts, count: number, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const path of facts.paths) {
    if (path.icmp.skipped?.code !== 'no-place' && path.icmp.skipped?.code !== 'virtual')
      skips.add(path.icmp.skipped, `ICMP to ${path.destination.label}`);
    skips.add(tooFewEchoes(path, count), `loss to ${path.destination.label} (NT-LAT-002)`);
    if (path.tcp.skipped?.code !== 'no-place')
      skips.add(path.tcp.skipped, `TCP to ${path.destination.label}`);
    if (path.brokenOff === undefined && !path.isNoHttp)
      skips.add(path.http?.skipped, `HTTP to ${path.destination.label}`);
    skips.add(
      path.small?.tries.skipped,
      `whether the size of packets decides at ${path.destination.label} (NT-MTU-006)`,
    );
    skips.add(path.http2?.answer.skipped, `HTTP/2 to ${path.destination.label} (NT-HTTP-013)`);
    skips.add(
      path.rest?.resting.skipped,
      `how long ${path.destination.label} keeps a connection at rest (NT-HTTP-012)`,
    );
    skips.add(path.unended, `the end of the answer of ${path.destination.label} (NT-HTTP-003)`);
  }
  for (const { container, pod, answers, windows, unread } of facts.limited) {
    if (windows.length > 0) continue;
    const id = answers === undefined ? 'NT-SYS-002' : 'NT-SYS-003';
    skips.add(
      unread ?? 'it does not show its counters',
      `whether its CPU limit stops container ${container} of pod ${pod} (${id})`,
    );
  }
  const { sockets, qdiscs, counters } = facts;
  skips.add(counters.skipped, 'segments that were sent again (NT-LAT-003, NT-LAT-005)');
  skips.add(sockets.skipped, 'socket round trips (NT-LAT-004)');
  if (qdiscs.result?.code === 127) skips.add(noTool('tc'), 'queue backlogs (NT-LAT-004)');
  else if (qdiscs.result && qdiscs.value === undefined)
    skips.add(noJson(qdiscs.result, 'tc'), 'queue backlogs (NT-LAT-004)');
  return skips;
}

/** A ping that goes at its own pace (busybox: one a second) does not come to as many as were asked for. */
function tooFewEchoes({ icmp }: PathFacts, count: number): Reason | undefined {
  const { sent = 0, received = 0 } = icmp.value ?? {};
  return received > 0 && sent < MIN_PROBES && count >= MIN_PROBES
    ? because(`ping sent only ${sent} of ${count} echo requests, and ${MIN_PROBES} are needed`, 'poor-tool')
    : undefined;
}

function measurements(facts: LatencyFacts): { readonly [key: string]: Json } {
  const all = facts.paths.flatMap((p) => Object.values(answeredMs(p)).flat());
  const from = least(all) ?? 0;
  const to = most(all) ?? 0;
  const { before, after } = facts.counters;
  const counter = (name: string): Json => growth(before, after, name) ?? null;
  return {
    histogramMs: all.length > 0 ? { from, to } : null,
    destinations: facts.paths.map((path) => destinationJson(path, facts, from, to)),
    tcp: {
      retransmittedSegments: counter('Tcp.RetransSegs'),
      dataSegments: counter('TcpExt.TCPOrigDataSent'),
      synRetransmits: counter('TcpExt.TCPSynRetrans'),
    },
    sockets: {
      established: facts.sockets.value?.filter((s) => s.state === 'ESTAB').length ?? null,
      maxRttMs: maximum(facts.sockets.value?.map((s) => s.rtt) ?? []),
    },
    qdiscs: (facts.qdiscs.value ?? []).map((q) => ({
      device: q.device,
      kind: q.kind,
      backlogBytes: q.backlogBytes,
      drops: q.drops,
    })),
    ...(facts.limited.length === 0 ? {} : { cpuLimits: limitedJson(facts.limited) }),
    privileges: facts.privileges
      ? { uid: facts.privileges.uid, capabilities: facts.privileges.capabilities }
      : null,
  };
}

function destinationJson(path: PathFacts, facts: LatencyFacts, from: number, to: number): Json {
  const { icmp, tcp } = answeredMs(path);
  const tries = path.tcp.value?.tries ?? [];
  const count = (outcome: string): number => tries.filter((t) => t.outcome === outcome).length;
  return {
    name: path.destination.label,
    role: path.destination.role,
    address: path.address ?? null,
    icmp: path.icmp.value
      ? {
          via: facts.privileges?.capabilities.includes('NET_RAW') === false ? 'ping socket' : 'raw socket',
          sent: path.icmp.value.sent,
          lossPercent: round((1 - path.icmp.value.received / path.icmp.value.sent) * 100),
          rttMs: distributionJson(distribution(icmp)),
          timesMs: icmp.map(round),
          histogram: icmp.length > 0 ? histogram(icmp, from, to, HISTOGRAM_BINS) : [],
        }
      : { skipped: tell(path.icmp.skipped) },
    tcp: path.tcp.value
      ? {
          port: path.port,
          tries: tries.length,
          connected: count('connected'),
          refused: count('refused'),
          unanswered: count('unanswered'),
          failed: count('error') + count('unresolved'),
          connectMs: distributionJson(distribution(tcp)),
          timesMs: tcp.map(round),
          histogram: tcp.length > 0 ? histogram(tcp, from, to, HISTOGRAM_BINS) : [],
        }
      : { skipped: tell(path.tcp.skipped) },
    ...(path.http
      ? {
          http: path.http.value
            ? { ...timesOf(path.http.value), ...endJson(path) }
            : { skipped: tell(path.http.skipped) },
        }
      : {}),
    ...(path.http2?.answer.value === undefined ? {} : { http2: path.http2.answer.value.outcome }),
    ...(path.rest === undefined ? {} : { rest: restJson(path.rest) }),
  };
}

/** Without what the answer was like: its rule says that, where it says anything. */
function timesOf({ shape: _, ...times }: HttpTiming): Omit<HttpTiming, 'shape'> {
  return times;
}

function endJson({ brokenOff, cutAnswer }: PathFacts): Record<string, Json> {
  const how = brokenOff ?? cutAnswer?.how;
  return how === undefined ? {} : { ended: how };
}

function restJson({ resting: { value, skipped } }: RestFacts): Json {
  return value === undefined
    ? { skipped: tell(skipped) }
    : { ended: value.outcome === 'ended', ms: round(value.ms), announced: value.isAnnounced };
}

function distributionJson(d: Distribution | undefined): Json {
  if (!d) return null;
  const { count, ...times } = d;
  return { count, ...Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, round(ms)])) };
}

function maximum(values: readonly (number | undefined)[]): Json {
  return most(values.filter((v) => v !== undefined)) ?? null;
}

/** Microseconds are what the tools measure; more digits are noise. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
