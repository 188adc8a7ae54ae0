/** What the far side and the client report of a watch, one after the other, as the document of it. Pure. */
import type { Finding, Severity, TargetInfo } from '../model/report.ts';
import type {
  FarEvent,
  Outage,
  Watch,
  WatchDiagnosis,
  WatchEvent,
  WatchedDestination,
  WatchGoal,
} from '../model/watch.ts';
import { Histogram } from './histogram.ts';
import { Series, stepFor } from './series.ts';

/** What a document holds; a network that fails all night has more. */
const MOST_EVENTS = 1000;
const MOST_OUTAGES = 1000;

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
  /** RFC 3339, UTC. */
  iso(ms: number): string;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type OpenOutage = Mutable<Omit<Outage, 'findings'>> & { fromMs: number; toMs?: number };

/** One of the goals, and what came of it. */
class Watched {
  readonly goal: WatchGoal;
  readonly histogram = new Histogram();
  readonly series: Series;
  sent = 0;
  missed = 0;
  /** Of outages that have ended. */
  missedBefore = 0;
  unmeasured: string | undefined;
  /** The one that lasts. */
  outage: OpenOutage | undefined;

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

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#stepMs = stepFor(options.forMs, options.intervalMs);
    this.#watched = options.goals.map((goal) => new Watched(goal, this.#stepMs));
  }

  get stepMs(): number {
    return this.#stepMs;
  }

  /** Takes what the far side said next. Returns the outage that it began or ended, or is about. */
  push(event: FarEvent): Outage | undefined {
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
        this.note(event.at, 'lost', `${event.bytes} bytes of what it had to tell were overwritten`);
        return undefined;
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

  /** An outage by its number, as far as it is known. */
  outage(number: number): Outage | undefined {
    return this.#shown(this.#outages.find((outage) => outage.number === number));
  }

  /** All events up to now, the earliest first. */
  get events(): readonly WatchEvent[] {
    return [...this.#events].sort((a, b) => a.ms - b.ms).map(({ ms: _ms, ...event }) => event);
  }

  /** The document, as of a moment. */
  report(at: number): Watch {
    const { tool, target, startedAt, intervalMs, iso } = this.#options;
    const since = Math.max(0, at - startedAt);
    const destinations = this.#watched.map((one) => destinationOf(one, since));
    const outages = this.#outages.map((one) => this.#whole(one, at));
    const worst = worstOf(outages);
    const isWhole =
      this.#ended !== 'lost' &&
      destinations.every(({ sent, unmeasured }) => sent > 0 && unmeasured === undefined);
    const { events } = this;
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
      verdict: worst === 'info' ? (isWhole ? 'pass' : 'unknown') : worst === 'critical' ? 'fail' : 'warn',
      destinations,
      outages,
      events:
        this.#unkept === 0
          ? events
          : [...events, { at: iso(at), type: 'lost', text: `${this.#unkept} more events are not kept` }],
    };
  }

  #tally({
    goal,
    at,
    sent,
    missed,
    rtts,
  }: Extract<FarEvent, { readonly kind: 'tally' }>): Outage | undefined {
    const one = this.#watched[goal];
    if (one === undefined) return undefined;
    one.sent += sent;
    one.missed += missed;
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
    const outage: OpenOutage = {
      number: ++this.#outageCount,
      destination,
      from: iso(at),
      fromMs: at,
      ...(lastAnswer === undefined ? {} : { lastAnswer: iso(lastAnswer) }),
      durationMs: 0,
      missed: 1,
      evidence,
    };
    one.outage = outage;
    if (this.#outages.length < MOST_OUTAGES) this.#outages.push(outage);
    this.note(at, 'miss', `${destination}: ${missText(evidence)}`, { destination, outage: outage.number });
    return this.#shown(outage);
  }

  #recovery({ goal, at, missed }: Extract<FarEvent, { readonly kind: 'recovery' }>): Outage | undefined {
    const one = this.#watched[goal];
    const outage = one?.outage;
    if (one === undefined || outage === undefined) return undefined;
    outage.to = this.#options.iso(at);
    outage.toMs = at;
    outage.missed = missed;
    outage.durationMs = Math.round(at - outage.fromMs);
    one.outage = undefined;
    one.missedBefore += missed;
    const { destination } = one.goal;
    const text = `${destination}: answers again after ${missed} missed ${missed === 1 ? 'probe' : 'probes'}`;
    this.note(at, 'recovery', text, { destination, outage: outage.number });
    return this.#shown(outage);
  }

  /** The last outage of a goal; `undefined`: it had none. */
  latest(goal: number): Outage | undefined {
    const destination = this.#watched[goal]?.goal.destination;
    return this.#shown(this.#outages.findLast((outage) => outage.destination === destination));
  }

  /** It cannot be measured. @param reason a sentence without its end */
  unmeasured(goal: number, reason: string): void {
    const one = this.#watched[goal];
    if (one !== undefined) one.unmeasured = reason;
  }

  #shown(outage: OpenOutage | undefined): Outage | undefined {
    return outage === undefined ? undefined : this.#whole(outage, outage.toMs ?? outage.fromMs);
  }

  #whole({ fromMs, toMs, ...outage }: OpenOutage, at: number): Outage {
    const durationMs = Math.round(Math.max(0, (toMs ?? at) - fromMs));
    const { goal } = this.#watched.find((one) => one.goal.destination === outage.destination) ?? {};
    const plain: Outage = { ...outage, durationMs, findings: [] };
    return { ...plain, findings: goal === undefined ? [] : this.#options.judge(goal, plain) };
  }
}

/** Of an outage of which nothing is known it is the worst; `info`: there was none. */
function worstOf(outages: readonly Outage[]): Severity {
  const severities = outages.flatMap(({ findings }): Severity[] =>
    findings.length === 0 ? ['critical'] : findings.map(({ severity }) => severity),
  );
  if (severities.includes('critical')) return 'critical';
  return severities.includes('warning') ? 'warning' : 'info';
}

function destinationOf(one: Watched, since: number): WatchedDestination {
  const { goal, histogram, sent, missed, unmeasured, series } = one;
  const { rtt } = histogram;
  return {
    ...goal,
    sent,
    missed,
    ...(rtt === undefined ? {} : { rtt }),
    histogram: histogram.buckets,
    rttSum: histogram.sum,
    series: series.until(since),
    ...(unmeasured === undefined ? {} : { unmeasured }),
  };
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
