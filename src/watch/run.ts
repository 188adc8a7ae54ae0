/** One watch: the far side's events, a diagnosis of each outage, and what changed in the cluster near it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ABOUTS } from '../checks/about.ts';
import { diagnosisOrder } from '../checks/diagnosis.ts';
import { judge } from '../checks/report.ts';
import { InterruptedError } from '../console/interrupt.ts';
import type { Bundle } from '../model/bundle.ts';
import { clusterChoice } from '../model/cluster-choice.ts';
import { UserError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';
import { version } from '../model/version.ts';
import type { FarEvent, Outage, Watch, WatchDiagnosis, WatchGoal } from '../model/watch.ts';
import type { WatchArgs } from '../model/watch-args.ts';
import type { FoundTarget } from '../open/found-target.ts';
import { findTarget } from '../open/target.ts';
import { run } from '../run/engine.ts';
import type { Session } from '../targets/session.ts';
import { causesOf } from '../timeline/cause.ts';
import { type ClusterLook, changesBetween } from '../timeline/cluster-changes.ts';
import { Timeline } from '../timeline/timeline.ts';
import { type ClusterGoals, clusterGoals, lookAtCluster } from './cluster-look.ts';
import { FarSide } from './far-side.ts';
import type { WatchFolder } from './folder.ts';
import type { Goals } from './goals.ts';

/** A destination that fails again and again is diagnosed no more often, in ms: each diagnosis is some seconds of probes. */
const DIAGNOSE_EVERY_MS = 60_000;
/** And all of them no more often than this. */
const MOST_DIAGNOSES = 50;
/** A condition of a pod changes some seconds after what is its reason: the kubelet's probes and reports take so long. */
const LOOK_AGAIN_MS = 10_000;
/** After the far side has been asked to end, its last words are waited for so long, in ms. */
const LAST_WORDS_MS = 8_000;
/** What the far side's last word may be late. */
const GRACE_MS = 60_000;
/** A far side that ended without a word, as its container did, is started anew so many times in a row. */
const MOST_RESTARTS = 5;

/** Who shows what happens. */
export interface WatchViewer {
  /** Something was added: events, probes. */
  changed(watch: Timeline, event?: FarEvent): void;
}

export interface WatchPlan extends Goals {
  readonly args: WatchArgs;
  readonly found: FoundTarget;
  readonly session: Session;
  readonly folder: WatchFolder;
  /** How often the far side counts, in ms. */
  readonly tallyMs: number;
  readonly viewer: WatchViewer;
}

/** Runs it to its end, whatever ends it. */
export class WatchRun {
  readonly #plan: WatchPlan;
  readonly #startedAt = Date.now();
  readonly #timeline: Timeline;
  readonly #clusterGoals: ClusterGoals;
  #look: Promise<ClusterLook | undefined>;
  readonly #diagnosed = new Map<string, number>();
  #diagnoses = 0;
  /** What is under way beside the watch: a diagnosis, a look at the cluster. One after the other. */
  #beside: Promise<void> = Promise.resolve();
  readonly #stopBeside = new AbortController();
  readonly #said = new Set<string>();
  #failure: unknown;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    const { args, session, found, goals, destinations } = plan;
    const choice = found.subject.cluster === undefined ? {} : clusterChoice(args.connection);
    this.#timeline = new Timeline({
      tool: { version },
      target: session.info,
      startedAt: this.#startedAt,
      intervalMs: args.intervalMs,
      forMs: args.forMs,
      goals,
      judge: (goal: WatchGoal, outage: Outage) => causesOf(goal, outage, session.info, choice),
      iso,
    });
    this.#clusterGoals = clusterGoals(destinations, found.subject.pod);
    this.#look = this.#lookNow();
  }

  get timeline(): Timeline {
    return this.#timeline;
  }

  /** The document, however it ended. @throws {UserError} exit 3: it never began */
  async run(signal: AbortSignal): Promise<Watch> {
    const lastWords = new AbortController();
    let far = this.#farSide(this.#plan.args.forMs);
    await far.start(signal);
    const onAbort = (): void => {
      void far.stop().then(async () => {
        await sleep(LAST_WORDS_MS, undefined, { signal: lastWords.signal }).catch(() => undefined);
        lastWords.abort(new Error('the far side does not end'));
      });
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    const late = setTimeout(
      () => lastWords.abort(new Error('the far side is late')),
      this.#leftMs + GRACE_MS,
    );
    try {
      for (let restarts = 0; !(await far.follow(lastWords.signal)); restarts++) {
        if (signal.aborted || this.#leftMs < 1000) break;
        if (restarts === MOST_RESTARTS) {
          this.#timeline.end(Date.now(), 'lost');
          break;
        }
        this.#note('connection', 'the far side is gone, as its container ended; it is started anew');
        await sleep(1000 * 2 ** restarts);
        far = this.#farSide(this.#leftMs);
        await far.start(signal);
      }
    } catch (error) {
      if (!signal.aborted && !lastWords.signal.aborted) {
        this.#note(
          'connection',
          `the far side is lost: ${error instanceof Error ? error.message : String(error)}`,
        );
        this.#timeline.end(Date.now(), 'lost');
      }
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
      lastWords.abort(new Error('the watch has ended'));
    }
    // A second Ctrl-C ends the process; one alone ends what runs beside.
    if (signal.aborted) this.#stopBeside.abort(signal.reason);
    await this.#beside;
    if (this.#failure !== undefined) throw this.#failure;
    const reason: unknown = signal.reason;
    if (reason instanceof InterruptedError && reason.signal !== 'SIGINT' && reason.signal !== 'SIGTERM')
      throw reason;
    const document = this.#timeline.report(Date.now());
    const { folder } = this.#plan;
    if (!folder.isMade && this.#plan.args.save === undefined) return document;
    const whole = { ...document, folder: folder.path };
    await folder.write('watch.json', `${JSON.stringify(whole, null, 1)}\n`);
    return whole;
  }

  get #leftMs(): number {
    return Math.max(0, this.#startedAt + this.#plan.args.forMs - Date.now());
  }

  #farSide(forMs: number): FarSide {
    const { session, goals, args, tallyMs } = this.#plan;
    const { intervalMs, awayMs } = args;
    return new FarSide(
      session.channel,
      { goals, intervalMs, forMs, awayMs, tallyMs },
      { onEvent: (event) => this.#onEvent(event), onConnection: (text) => this.#note('connection', text) },
    );
  }

  #onEvent(event: FarEvent): void {
    const outage = this.#timeline.push(event);
    this.#plan.viewer.changed(this.#timeline, event);
    if (event.kind === 'begun' && !event.hears)
      this.#once('no packets are kept: that takes NET_RAW, which this profile has not');
    if (event.kind === 'packets') this.#do(() => this.#savePackets(event));
    if (event.kind === 'miss' && outage !== undefined) {
      this.#do(() => this.#clusterChanges(outage.number, outage.destination));
      this.#do(() => this.#diagnose(outage));
    }
    if (event.kind === 'recovery' && outage !== undefined)
      this.#do(() => this.#clusterChanges(outage.number, outage.destination));
  }

  /** One after the other, and none of them ends the watch. */
  #do(work: () => Promise<void>): void {
    this.#beside = this.#beside.then(work).catch((error: unknown) => {
      if (this.#stopBeside.signal.aborted) return;
      if (error instanceof UserError && this.#failure === undefined) this.#failure = error;
      this.#note('lost', error instanceof Error ? error.message : String(error));
    });
  }

  async #savePackets({
    goals,
    packets,
    pcap,
  }: Extract<FarEvent, { readonly kind: 'packets' }>): Promise<void> {
    const outages = goals.flatMap((goal) => this.#timeline.latest(goal) ?? []);
    const [first] = outages;
    if (first === undefined) return;
    const name = await this.#plan.folder.write(`outage-${first.number}.pcap`, pcap);
    for (const { number } of outages) this.#timeline.saved(number, name, packets);
  }

  async #diagnose(outage: Outage): Promise<void> {
    const { destination, number } = outage;
    const asked = this.#plan.args.to.find((text) => destination.startsWith(text)) ?? destination;
    const last = this.#diagnosed.get(asked);
    const now = Date.now();
    if (this.#stopBeside.signal.aborted || this.#diagnoses >= MOST_DIAGNOSES) return;
    // Several endpoints of a Service fail together: one diagnosis is of all of them.
    if (last !== undefined && now - last < DIAGNOSE_EVERY_MS) return;
    this.#diagnosed.set(asked, now);
    this.#diagnoses++;
    const at = iso(now);
    const isOver = (): boolean => this.#timeline.outage(number)?.to !== undefined;
    try {
      const { bundle, report } = await this.#runDiagnosis(asked);
      const file = await this.#plan.folder.write(
        `outage-${number}.json`,
        `${JSON.stringify(bundle, null, 1)}\n`,
      );
      const { verdict } = report;
      const findings = findingsAbout(report, destination, asked);
      const diagnosis: WatchDiagnosis = { at, verdict, findings, late: isOver(), bundle: file };
      this.#timeline.diagnosed(number, diagnosis);
      const [first] = findings;
      const text = first === undefined ? 'found nothing wrong any more' : `${first.id} ${first.summary}`;
      this.#timeline.note(now, 'diagnosis', `diagnosis: ${text}`, { destination, outage: number });
    } catch (error) {
      if (this.#stopBeside.signal.aborted) return;
      const failed = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
      this.#timeline.diagnosed(number, { at, verdict: 'unknown', findings: [], late: isOver(), failed });
      this.#timeline.note(now, 'diagnosis', `no diagnosis: ${failed}`, { destination, outage: number });
    }
    this.#plan.viewer.changed(this.#timeline);
  }

  /** In the session of the watch: nothing is added anywhere. */
  async #runDiagnosis(dest: string): Promise<{ readonly bundle: Bundle; readonly report: Report }> {
    const { args, session } = this.#plan;
    const { connection, thresholds, target } = args;
    const request = {
      targets: [{ spec: target }],
      checks: diagnosisOrder(ABOUTS),
      options: { connection, session: args.session, to: [dest], names: [], thresholds, options: {} },
      limits: { targetsAtOnce: 1 },
    };
    const find = async (_target: unknown, ending: AbortSignal): Promise<FoundTarget> => {
      const found = await findTarget({ connection, session: args.session, target }, ending);
      return { ...found, open: async () => ({ ...openedOf(session), close: async () => undefined }) };
    };
    let bundle: Bundle | undefined;
    for await (const event of run(request, { find }, this.#stopBeside.signal)) {
      if (event.type === 'gathered') ({ bundle } = event);
      if (event.type === 'failed') throw event.error;
    }
    if (bundle === undefined) throw new Error('the run ended without a report');
    return { bundle, report: judge(bundle) };
  }

  async #lookNow(): Promise<ClusterLook | undefined> {
    const { cluster } = this.#plan.found.subject;
    if (cluster === undefined) return undefined;
    return lookAtCluster(cluster.afresh(this.#stopBeside.signal), this.#clusterGoals).catch(() => undefined);
  }

  async #clusterChanges(outage: number, destination: string): Promise<void> {
    const look = async (): Promise<void> => {
      const before = await this.#look;
      const after = await this.#lookNow();
      if (before === undefined || after === undefined) return;
      this.#look = Promise.resolve(after);
      for (const { at, text } of changesBetween(before, after)) {
        const ms = at === undefined ? Date.now() : Date.parse(at);
        this.#timeline.note(ms, 'cluster', text, { destination, outage });
      }
      this.#plan.viewer.changed(this.#timeline);
    };
    await look();
    if (this.#plan.found.subject.cluster === undefined) return;
    const again = setTimeout(() => this.#do(look), LOOK_AGAIN_MS);
    again.unref();
    this.#stopBeside.signal.addEventListener('abort', () => clearTimeout(again), { once: true });
  }

  #note(type: 'connection' | 'lost', text: string): void {
    this.#timeline.note(Date.now(), type, text);
    this.#plan.viewer.changed(this.#timeline);
  }

  #once(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#note('lost', text);
  }
}

/** A session's parts are getters of some, which a spread would lose. */
function openedOf({
  channel,
  info,
  budget,
  notes,
}: Session): Pick<Session, 'channel' | 'info' | 'budget' | 'notes'> {
  return { channel, info, budget, notes };
}

/** Those of the destination come first, then those of the target as a whole; of other destinations none. */
function findingsAbout(report: Report, destination: string, asked: string): WatchDiagnosis['findings'] {
  const all = report.checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'info');
  const isAbout = (subject: string | undefined): boolean =>
    subject === destination || subject === asked || subject?.startsWith(`${asked} `) === true;
  const rank = ({ causedBy, subject }: (typeof all)[number]): number =>
    (causedBy === undefined ? 0 : 2) + (isAbout(subject) ? 0 : 1);
  return all
    .filter(({ subject }) => subject === undefined || isAbout(subject))
    .sort((a, b) => rank(a) - rank(b));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
