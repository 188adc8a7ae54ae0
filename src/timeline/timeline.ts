/** What the far side and the client report of a watch, one after the other, as the document of it. Pure. */
import type { Finding, TargetInfo } from '../model/report.ts';
import type {
  FarEvent,
  NameFallback,
  Outage,
  SlowNames,
  Watch,
  WatchDiagnosis,
  WatchEvent,
  WatchedDestination,
  WatchGap,
  WatchGoal,
} from '../model/watch.ts';
import { Histogram } from './histogram.ts';
import { Series, stepFor } from './series.ts';
import { verdictOfWatch } from './verdict.ts';

/** What a document holds; a network that fails all night has more. */
const MOST_EVENTS = 1000;
const MOST_OUTAGES = 1000;
const MOST_GAPS = 100;
const MOST_SLOW = 100;

export interface TimelineOptions {
  readonly tool: Watch['tool'];
  readonly target: TargetInfo;
  /** Milliseconds since 1970, as all times here. */
  readonly startedAt: number;
  readonly intervalMs: number;
  /** How long it may last. */
  readonly forMs: number;
  readonly goals: readonly WatchGoal[];
  /** What the evidence of an outage means, as findings; once more when it has ended, as by then more is known. */
  judge(goal: WatchGoal, outage: Outage): readonly Finding[];
  /** What it means that another name server had to answer. */
  judgeSlow(goal: WatchGoal, names: Omit<SlowNames, 'findings'>): readonly Finding[];
  /** RFC 3339, UTC. */
  iso(ms: number): string;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type OpenOutage = Mutable<Omit<Outage, 'findings'>> & {
  fromMs: number;
  toMs?: number;
  /** What far sides that are gone had counted of it. */
  carried: number;
};
type OpenSlow = Mutable<Omit<SlowNames, 'findings'>>;

/** One of the goals, and what came of it. */
class Watched {
  readonly goal: WatchGoal;
  readonly histogram = new Histogram();
  readonly series: Series;
  sent = 0;
  missed = 0;
  unsent = 0;
  /** Of outages that have ended. */
  missedBefore = 0;
  unmeasured: string | undefined;
  /** The one that lasts. */
  outage: OpenOutage | undefined;
  /** Outages whose packets are still to come, by their numbers. */
  awaited: number[] = [];
  readonly slow: OpenSlow[] = [];
  /** Whether the last of them lasts. */
  isSlow = false;

  constructor(goal: WatchGoal, stepMs: number) {
    this.goal = goal;
    this.series = new Series(stepMs);
  }
}

export class Timeline {
  readonly #options: TimelineOptions;
  readonly #stepMs: number;
  readonly #watched: readonly Watched[];
  readonly #outages: OpenOutage[] = [];
  readonly #events: (WatchEvent & { readonly ms: number })[] = [];
  #unkept = 0;
  #outageCount = 0;
  #ended: Watch['ended'] = 'asked';
  readonly #gaps: (Mutable<WatchGap> & { toMs: number })[] = [];
  /** A time of which nothing is known has begun: it ends with the next that is told. */
  #gap: { readonly fromMs: number; readonly reason: WatchGap['reason'] } | undefined;
  /** What was told last was of this moment. */
  #toldMs: number;
  #unkeptOutages = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#stepMs = stepFor(options.forMs, options.intervalMs);
    this.#toldMs = options.startedAt;
    this.#watched = options.goals.map((goal) => new Watched(goal, this.#stepMs));
  }

  get stepMs(): number {
    return this.#stepMs;
  }

  /** Takes what the far side said next. Returns the outage that it began or ended, or is about. */
  push(event: FarEvent): Outage | undefined {
    if (event.kind !== 'lost') this.#told(event.at);
    switch (event.kind) {
      case 'begun':
        return undefined;
      case 'tally':
        return this.#tally(event);
      case 'miss':
        return this.#miss(event);
      case 'recovery':
        return this.#recovery(event);
      case 'packets':
        return undefined;
      case 'lost':
        this.#gap ??= { fromMs: this.#toldMs, reason: 'overwritten' };
        this.note(event.at, 'lost', `${event.bytes} bytes of what it had to tell were overwritten`);
        return undefined;
      case 'fallback':
        return this.#fallback(event);
      case 'fallback-end': {
        const one = this.#watched[event.goal];
        const last = one?.slow.at(-1);
        if (one?.isSlow !== true || last === undefined) return undefined;
        this.#endSlow(one, last, event.at);
        last.count = event.count;
        return undefined;
      }
      case 'end':
        if (event.reason !== 'asked') this.end(event.at, event.reason === 'over' ? 'over' : 'lost');
        return undefined;
    }
  }

  /** An event of the client's own. @param destination and the number of its outage, where it is about one */
  note(
    at: number,
    type: WatchEvent['type'],
    text: string,
    about: Pick<WatchEvent, 'destination' | 'outage'> = {},
  ): void {
    if (this.#events.length >= MOST_EVENTS) this.#unkept++;
    else this.#events.push({ ms: at, at: this.#options.iso(at), type, text, ...about });
  }

  end(at: number, ended: Watch['ended']): void {
    this.#ended = ended;
    this.note(at, 'end', ended === 'over' ? 'the time is up' : 'the far side is lost');
  }

  /** The far side is gone with what it had not told yet, and another one begins: nothing is known until it tells something. */
  restarted(): void {
    this.#gap ??= { fromMs: this.#toldMs, reason: 'restarted' };
    for (const one of this.#watched) {
      one.awaited = [];
      const last = one.slow.at(-1);
      if (one.isSlow && last !== undefined) this.#endSlow(one, last, this.#toldMs);
      if (one.outage === undefined) continue;
      // The first miss was told, and maybe not yet counted.
      const uncounted = Math.max(0, one.missedBefore + one.outage.missed - one.missed);
      one.sent += uncounted;
      one.missed += uncounted;
      one.outage.carried = one.outage.missed;
    }
  }

  #told(at: number): void {
    this.#toldMs = Math.max(this.#toldMs, at);
    if (this.#gap === undefined) return;
    this.#addGap(this.#gap, at);
    this.#gap = undefined;
  }

  #addGap({ fromMs, reason }: { readonly fromMs: number; readonly reason: WatchGap['reason'] }, at: number) {
    const { iso } = this.#options;
    const toMs = Math.max(fromMs, at);
    const last = this.#gaps.at(-1);
    if (this.#gaps.length < MOST_GAPS || last === undefined)
      this.#gaps.push({ from: iso(fromMs), to: iso(toMs), toMs, reason });
    else Object.assign(last, { to: iso(toMs), toMs });
  }

  /** Those that are known of, and the one that lasts. */
  #gapsUntil(at: number): readonly WatchGap[] {
    const known = this.#gaps.map(({ toMs: _toMs, ...gap }) => gap);
    const open =
      this.#ended === 'lost'
        ? { fromMs: this.#gap?.fromMs ?? this.#toldMs, reason: 'lost' as const }
        : this.#gap;
    if (open === undefined) return known;
    const { iso } = this.#options;
    return [...known, { from: iso(open.fromMs), to: iso(Math.max(open.fromMs, at)), reason: open.reason }];
  }

  #fallback({ goal, at, server, answer, by }: Extract<FarEvent, { readonly kind: 'fallback' }>): undefined {
    const one = this.#watched[goal];
    if (one === undefined || one.isSlow || one.slow.length === MOST_SLOW) return;
    one.slow.push({ from: this.#options.iso(at), server, answer, by });
    one.isSlow = true;
    const { destination } = one.goal;
    this.note(at, 'slow', `${destination}: ${fallbackText({ server, answer, by })}`, { destination });
  }

  #endSlow(one: Watched, last: OpenSlow, at: number): void {
    one.isSlow = false;
    last.to = this.#options.iso(at);
    const { destination } = one.goal;
    this.note(at, 'slow', `${destination}: name server ${last.server} answers again`, { destination });
  }

  /** What a diagnosis said of an outage. */
  diagnosed(number: number, diagnosis: WatchDiagnosis): void {
    const one = this.#outages.find((outage) => outage.number === number);
    if (one !== undefined) one.diagnosis = diagnosis;
  }

  /** Where the packets of an outage are. */
  saved(number: number, pcap: string, packets: number): void {
    const one = this.#outages.find((outage) => outage.number === number);
    if (one === undefined) return;
    one.pcap = pcap;
    one.packets = packets;
  }

  /** Outages of these goals whose packets have now come. */
  packetsOf(goals: readonly number[]): readonly number[] {
    return goals.flatMap((goal) => {
      const one = this.#watched[goal];
      const awaited = one?.awaited ?? [];
      if (one !== undefined) one.awaited = [];
      return awaited;
    });
  }

  /** The API said at that moment that the Services of these labels have no ready endpoint. */
  noEndpoints(services: readonly string[], at: number): void {
    for (const { goal, outage } of this.#watched)
      if (outage !== undefined && goal.service === goal.destination && services.includes(goal.service))
        outage.noEndpointsAt ??= this.#options.iso(at);
  }

  /** An outage by its number, as far as it is known. */
  outage(number: number): Outage | undefined {
    return this.#shown(this.#outages.find((outage) => outage.number === number));
  }

  /** Events that came after so many others, the earliest first. A network that flaps adds hundreds a second. */
  eventsAfter(count: number): readonly WatchEvent[] {
    return this.#events
      .slice(count)
      .sort((a, b) => a.ms - b.ms)
      .map(({ ms: _ms, ...event }) => event);
  }

  /** The document, as of a moment. */
  report(at: number): Watch {
    const { tool, target, startedAt, intervalMs, iso } = this.#options;
    const since = Math.max(0, at - startedAt);
    const destinations = this.#watched.map((one) => this.#destination(one, since));
    const outages = this.#outages.map((one) => this.#whole(one, at));
    const gaps = this.#gapsUntil(at);
    const events = this.eventsAfter(0);
    const unkept = [
      ...(this.#unkept === 0 ? [] : [`${this.#unkept} more events are not kept`]),
      ...(this.#unkeptOutages === 0 ? [] : [`${this.#unkeptOutages} more outages are not kept`]),
    ];
    return {
      apiVersion: 'nettools/v1',
      kind: 'Watch',
      tool,
      target,
      startedAt: iso(startedAt),
      durationMs: Math.round(since),
      intervalMs,
      ended: this.#ended,
      stepMs: this.#stepMs,
      verdict: verdictOfWatch({ outages, destinations, gaps, ended: this.#ended }),
      destinations,
      outages,
      gaps,
      events: [...events, ...unkept.map((text) => ({ at: iso(at), type: 'lost' as const, text }))],
    };
  }

  #tally({
    goal,
    at,
    sent,
    missed,
    rtts,
    unsent,
  }: Extract<FarEvent, { readonly kind: 'tally' }>): Outage | undefined {
    const one = this.#watched[goal];
    if (one === undefined) return undefined;
    one.sent += sent;
    one.missed += missed;
    one.unsent += unsent;
    // Its recovery was overwritten, or its far side was started anew.
    if (one.outage !== undefined && missed === 0 && sent > 0)
      this.#close(one, one.outage, at, one.missed - one.missedBefore);
    if (one.outage !== undefined) one.outage.missed = Math.max(1, one.missed - one.missedBefore);
    for (const rtt of rtts) one.histogram.add(rtt);
    one.series.add(at - this.#options.startedAt, sent, missed, rtts);
    return undefined;
  }

  #miss({
    goal,
    at,
    lastAnswer,
    evidence,
  }: Extract<FarEvent, { readonly kind: 'miss' }>): Outage | undefined {
    const one = this.#watched[goal];
    if (one === undefined) return undefined;
    const { iso } = this.#options;
    const { destination } = one.goal;
    if (one.outage !== undefined) {
      // As above; without an answer in between it goes on.
      if (lastAnswer === undefined || lastAnswer < one.outage.fromMs) {
        one.awaited.push(one.outage.number);
        return undefined;
      }
      this.#close(one, one.outage, lastAnswer, one.missed - one.missedBefore);
    }
    const outage: OpenOutage = {
      number: ++this.#outageCount,
      destination,
      from: iso(at),
      fromMs: at,
      ...(lastAnswer === undefined ? {} : { lastAnswer: iso(lastAnswer) }),
      durationMs: 0,
      missed: 1,
      evidence,
      carried: 0,
    };
    one.outage = outage;
    if (this.#outages.length < MOST_OUTAGES) {
      one.awaited.push(outage.number);
      this.#outages.push(outage);
    } else this.#unkeptOutages++;
    this.note(at, 'miss', `${destination}: ${missText(evidence)}`, { destination, outage: outage.number });
    return this.#shown(outage);
  }

  #recovery({
    goal,
    at,
    missed,
    late,
  }: Extract<FarEvent, { readonly kind: 'recovery' }>): Outage | undefined {
    const one = this.#watched[goal];
    const outage = one?.outage;
    if (one === undefined || outage === undefined) return undefined;
    this.#close(one, outage, at, outage.carried + missed);
    if (late > 0) outage.late = late;
    const { destination } = one.goal;
    const text = `${destination}: answers again after ${missed} missed ${missed === 1 ? 'probe' : 'probes'}`;
    this.note(at, 'recovery', text, { destination, outage: outage.number });
    return this.#shown(outage);
  }

  #close(one: Watched, outage: OpenOutage, at: number, missed: number): void {
    outage.to = this.#options.iso(at);
    outage.toMs = at;
    outage.missed = Math.max(1, missed);
    outage.durationMs = Math.round(at - outage.fromMs);
    one.outage = undefined;
    one.missedBefore += outage.missed;
  }

  /** It cannot be measured. @param reason a sentence without its end */
  unmeasured(goal: number, reason: string): void {
    const one = this.#watched[goal];
    if (one !== undefined) one.unmeasured = reason;
  }

  #shown(outage: OpenOutage | undefined): Outage | undefined {
    return outage === undefined ? undefined : this.#whole(outage, outage.toMs ?? outage.fromMs);
  }

  #destination(one: Watched, since: number): WatchedDestination {
    const { goal, histogram, sent, missed, unsent, unmeasured, series, slow } = one;
    const { rtt } = histogram;
    const slowNames = slow.map((names) => ({ ...names, findings: this.#options.judgeSlow(goal, names) }));
    return {
      ...goal,
      sent,
      missed,
      ...(unsent === 0 ? {} : { unsent }),
      ...(rtt === undefined ? {} : { rtt }),
      histogram: histogram.buckets,
      rttSum: histogram.sum,
      series: series.until(since),
      ...(unmeasured === undefined ? {} : { unmeasured }),
      ...(slowNames.length === 0 ? {} : { slowNames }),
    };
  }

  #whole({ fromMs, toMs, carried: _carried, ...outage }: OpenOutage, at: number): Outage {
    const durationMs = Math.round(Math.max(0, (toMs ?? at) - fromMs));
    const { goal } = this.#watched.find((one) => one.goal.destination === outage.destination) ?? {};
    const plain: Outage = { ...outage, durationMs, findings: [] };
    return { ...plain, findings: goal === undefined ? [] : this.#options.judge(goal, plain) };
  }
}

/** Another name server had to answer, in a few words. Raw. */
function fallbackText({ server, answer, by }: NameFallback): string {
  const what = answer === 'silent' ? 'does not reply' : `says ${answer}`;
  return `the name server ${server} ${what}, ${by} does`;
}

/** What a miss was, in a few words. Raw. */
export function missText({ reason, error, dns, icmp, address }: Outage['evidence']): string {
  switch (reason) {
    case 'silent':
      return 'no answer';
    case 'refused':
      return `refused${icmp === undefined ? '' : ` by ${icmp.sender}`}`;
    case 'no-name':
    case 'dns-failed':
    case 'dns-silent':
      return dns === undefined
        ? 'the name does not resolve'
        : `the name server ${dns.server} ${dns.answer === 'silent' ? 'does not reply' : `says ${dns.answer}`}`;
    default:
      return icmp === undefined || icmp.sender === address
        ? error || reason
        : `${error || reason}, says ${icmp.sender}`;
  }
}
