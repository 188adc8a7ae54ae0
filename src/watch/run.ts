/** One watch: the far side's events, a diagnosis of each outage, and what changed in the cluster near it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelError } from '../channels/channel.ts';
import { WATCH_FILE } from '../console/bundle-file.ts';
import { InterruptedError } from '../console/interrupt.ts';
import { type ClusterChoice, clusterChoice } from '../model/cluster-choice.ts';
import { UserError } from '../model/errors.ts';
import { version } from '../model/version.ts';
import type { FarEvent, Outage, Watch, WatchDiagnosis, WatchGoal } from '../model/watch.ts';
import type { WatchArgs } from '../model/watch-args.ts';
import type { FoundTarget } from '../open/found-target.ts';
import type { Session } from '../targets/session.ts';
import { causesOf, slowNamesOf } from '../timeline/cause.ts';
import { type ClusterLook, changesBetween, hasNoEndpoint } from '../timeline/cluster-changes.ts';
import { Timeline } from '../timeline/timeline.ts';
import { askedFor } from './asked.ts';
import { Beside } from './beside.ts';
import { SteadyClock } from './clock.ts';
import { type ClusterGoals, clusterGoals, lookAtCluster } from './cluster-look.ts';
import { DiagnosisLimit, diagnose, findingsAbout } from './diagnosis.ts';
import { FarSide, isGoneForGood } from './far-side.ts';
import type { WatchFolder } from './folder.ts';
import type { Goals } from './goals.ts';

/** When the watch has ended, none begins later than this, in ms: many destinations that fail at once would keep it for minutes. */
const DIAGNOSE_AFTER_MS = 15_000;
/** A condition of a pod changes some seconds after what is its reason: the kubelet's probes and reports take so long. */
const LOOK_AGAIN_MS = 10_000;
/** After the far side has been asked to end, its last words are waited for so long, in ms. */
const LAST_WORDS_MS = 8_000;
/** What the far side's last word may be late. */
const GRACE_MS = 60_000;
/** A far side that ended without a word, as its container did, is started anew so many times in a row. */
const MOST_RESTARTS = 5;
/** One that ran so long, in ms, was no failure to start: the row begins anew. */
const RAN_WELL_MS = 60_000;

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
  readonly #clock = new SteadyClock();
  readonly #startedAt = this.#clock.now();
  readonly #timeline: Timeline;
  /** Absent outside of clusters. */
  readonly #choice: ClusterChoice | undefined;
  readonly #clusterGoals: ClusterGoals;
  #look: Promise<ClusterLook | undefined>;
  #lookAgain: NodeJS.Timeout | undefined;
  readonly #limit = new DiagnosisLimit();
  #endedAt: number | undefined;
  /** What is under way beside the watch: a diagnosis, a look at the cluster. One after the other. */
  readonly #beside = new Beside((error) => {
    if (this.#stopBeside.signal.aborted) return;
    this.#note('lost', error instanceof Error ? error.message : String(error));
  });
  readonly #stopBeside = new AbortController();
  readonly #said = new Set<string>();
  #unsaved: UserError | undefined;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    const { args, session, found, goals, destinations } = plan;
    const choice = found.subject.cluster === undefined ? undefined : clusterChoice(args.connection);
    this.#choice = choice;
    this.#timeline = new Timeline({
      tool: { version },
      target: session.info,
      startedAt: this.#startedAt,
      intervalMs: args.intervalMs,
      forMs: args.forMs,
      goals,
      judge: (goal: WatchGoal, outage: Outage) => causesOf(goal, outage, session.info, choice),
      judgeSlow: (goal, names) => slowNamesOf(goal, names, session.info, choice),
      iso,
    });
    this.#clusterGoals = clusterGoals(destinations, found.subject.pod);
    this.#look = this.#lookNow();
  }

  /** Why something of it could not be saved; `undefined`: all was. What was seen is in the document all the same. */
  get unsaved(): UserError | undefined {
    return this.#unsaved;
  }

  /** The document as it is by now. */
  report(): Watch {
    return this.#timeline.report(this.#clock.now());
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
      let startedAt = this.#clock.now();
      for (let restarts = 0; !(await far.follow(lastWords.signal)); restarts++) {
        if (signal.aborted) break;
        if (this.#clock.now() - startedAt >= RAN_WELL_MS) restarts = 0;
        // Its time is over, and it has not said so: nobody knows what it saw last, as after a night of this machine's sleep.
        if (this.#leftMs < 1000 || restarts === MOST_RESTARTS) {
          this.#timeline.end(this.#clock.now(), 'lost');
          break;
        }
        this.#timeline.restarted();
        this.#note('connection', 'the far side is gone; it is started anew');
        await sleep(1000 * 2 ** restarts, undefined, { signal });
        far = this.#farSide(this.#leftMs);
        startedAt = this.#clock.now();
        // The way there may be cut just now: the next one tries again. A container that is gone does not come back.
        await far.start(signal).catch((error: unknown) => {
          if (signal.aborted || !(error instanceof ChannelError) || isGoneForGood(error)) throw error;
        });
      }
    } catch (error) {
      // Also where it was late: what it had to tell has not come.
      if (!signal.aborted) {
        const why: unknown = lastWords.signal.aborted ? lastWords.signal.reason : error;
        this.#note('connection', `the far side is lost: ${why instanceof Error ? why.message : String(why)}`);
        this.#timeline.end(this.#clock.now(), 'lost');
      }
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
      lastWords.abort(new Error('the watch has ended'));
    }
    // A second Ctrl-C ends the process; one alone ends what runs beside.
    if (signal.aborted) this.#stopBeside.abort(signal.reason);
    this.#endedAt = this.#clock.now();
    await this.#beside.end();
    // A look that is still to come would be shown below what is printed then.
    clearTimeout(this.#lookAgain);
    this.#stopBeside.abort(new Error('the watch has ended'));
    const document = await this.#savedDocument();
    // Nobody is there to read it, as when the terminal was closed: what is saved can be judged later.
    const reason: unknown = signal.reason;
    if (reason instanceof InterruptedError && reason.signal !== 'SIGINT' && reason.signal !== 'SIGTERM')
      throw reason;
    return document;
  }

  async #savedDocument(): Promise<Watch> {
    const report = this.report();
    const document = this.#choice === undefined ? report : { ...report, connection: this.#choice };
    const { folder, args } = this.#plan;
    if (!folder.isMade && args.save === undefined) return document;
    const whole = { ...document, folder: folder.path };
    await this.#save(WATCH_FILE, `${JSON.stringify(whole, null, 1)}\n`);
    // A report names no folder in which nothing is.
    return folder.isMade ? whole : document;
  }

  /** Hours of watching do not end because a disk is full. Resolves to its name; `undefined`: it could not be saved. */
  async #save(name: string, content: string | Uint8Array): Promise<string | undefined> {
    try {
      return await this.#plan.folder.write(name, content);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#unsaved ??= error;
      this.#once(error.message.replace(/\.$/, ''));
      return undefined;
    }
  }

  get #leftMs(): number {
    return Math.max(0, this.#startedAt + this.#plan.args.forMs - this.#clock.now());
  }

  #farSide(forMs: number): FarSide {
    const { session, goals, args, tallyMs } = this.#plan;
    const { intervalMs, awayMs } = args;
    return new FarSide(
      session.channel,
      { goals, intervalMs, forMs, awayMs, tallyMs },
      { onEvent: (event) => this.#onEvent(event), onConnection: (text) => this.#note('connection', text) },
      this.#clock,
    );
  }

  #onEvent(event: FarEvent): void {
    const outage = this.#timeline.push(event);
    this.#plan.viewer.changed(this.#timeline, event);
    if (event.kind === 'begun' && !event.hears)
      this.#once('no packets are kept: that takes NET_RAW, which this profile has not');
    if (event.kind === 'packets') {
      // Those of now: there may be others when what is under way has ended.
      const outages = this.#timeline.packetsOf(event.goals);
      this.#beside.add(() => this.#savePackets(event, outages));
    }
    if (event.kind === 'miss' && outage !== undefined) {
      this.#lookFor(outage);
      this.#beside.add(() => this.#diagnose(outage));
    }
    if (event.kind === 'recovery' && outage !== undefined) this.#lookFor(outage);
  }

  #lookFor({ number, destination }: Outage): void {
    this.#beside.addOnce('look', () => this.#clusterChanges(number, destination));
  }

  async #savePackets(
    { packets, pcap }: Extract<FarEvent, { readonly kind: 'packets' }>,
    outages: readonly number[],
  ): Promise<void> {
    if (outages.length === 0) return;
    const name = await this.#save(`outage-${Math.min(...outages)}.pcap`, pcap);
    if (name === undefined) return;
    for (const number of outages) this.#timeline.saved(number, name, packets);
  }

  async #diagnose(outage: Outage): Promise<void> {
    const { destination, number } = outage;
    const asked = askedFor(destination, this.#plan.args.to);
    const now = this.#clock.now();
    if (this.#stopBeside.signal.aborted) return;
    if (this.#endedAt !== undefined && now - this.#endedAt > DIAGNOSE_AFTER_MS) return;
    if (!this.#limit.mayBegin(asked, now)) return;
    const at = iso(now);
    const isOver = (): boolean => this.#timeline.outage(number)?.to !== undefined;
    try {
      const { bundle, report } = await diagnose(asked, this.#plan, this.#stopBeside.signal);
      const file = await this.#save(`outage-${number}.json`, `${JSON.stringify(bundle, null, 1)}\n`);
      const { verdict } = report;
      const findings = findingsAbout(report, destination, asked);
      const saved = file === undefined ? {} : { bundle: file };
      const diagnosis: WatchDiagnosis = { at, verdict, findings, late: isOver(), ...saved };
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
      const asked = this.#plan.destinations.filter(({ ref }) => hasNoEndpoint(after, ref));
      this.#timeline.noEndpoints(
        asked.flatMap(({ service }) => service?.label ?? []),
        this.#clock.now(),
      );
      for (const { at, text } of changesBetween(before, after)) {
        const ms = at === undefined ? this.#clock.now() : Date.parse(at);
        this.#timeline.note(ms, 'cluster', text, { destination, outage });
      }
      this.#plan.viewer.changed(this.#timeline);
    };
    await look();
    if (this.#plan.found.subject.cluster === undefined) return;
    clearTimeout(this.#lookAgain);
    this.#lookAgain = setTimeout(() => this.#beside.addOnce('again', look), LOOK_AGAIN_MS).unref();
  }

  #note(type: 'connection' | 'lost', text: string): void {
    this.#timeline.note(this.#clock.now(), type, text);
    this.#plan.viewer.changed(this.#timeline);
  }

  #once(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#note('lost', text);
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
