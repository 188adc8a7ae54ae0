/** Measures what tests ask for, one exec for each source, and judges every expectation by it. */
import { ABOUTS } from '../checks/about.ts';
import { diagnosisOrder } from '../checks/diagnosis.ts';
import type { ProgressLine } from '../console/progress.ts';
import { type Answer, evaluate, unanswered } from '../expectations/evaluate.ts';
import { listenerKey, type Seen, type Witnesses } from '../expectations/question.ts';
import type { RunOptions } from '../model/args.ts';
import type { TestResult } from '../model/network-test.ts';
import type { Report } from '../model/report.ts';
import type { TestArgs } from '../model/test-args.ts';
import { withoutUndefined } from '../model/without-undefined.ts';
import type { Finding } from '../open/endpoints.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { gatherMany } from './gather-many.ts';
import { type Case, type Cases, type Source, writtenWay } from './test-cases.ts';
import {
  type Needed,
  nodeAnswers,
  witnessesIn,
  witnessNodes,
  witnessOptions,
  witnessTargets,
} from './test-witnesses.ts';

/** The dns check looks up so many names at once (src/checks/dns/prepare.ts). */
export const NAMES_AT_ONCE = 8;
/** Long enough for TCP to find its rate, and short enough for a gate. */
const LOAD_MS = 5000;

/** What every source is measured by. */
export const DIAGNOSIS = diagnosisOrder(ABOUTS);

/** What one round came to, by source. */
type Round = ReadonlyMap<Source, { readonly report: Report } | { readonly reason: string }>;

/** Results in the order of the cases. @throws the signal's reason, where nothing at all was measured */
export async function measure(
  { cases, sources }: Cases,
  args: TestArgs,
  finding: Finding,
  progress: ProgressLine,
): Promise<TestResult[]> {
  const runner = new Runner(args, finding, progress);
  const seen = await runner.seen(sources);
  const answer = (witnesses: Witnesses): Map<Case, Answer> =>
    new Map(cases.map((one) => [one, answerTo(one, seen, witnesses)]));
  const own: Witnesses = {
    reached: witnessesIn([...seen.values()].flatMap(reportsOf)),
    unreached: new Map(),
  };
  const first = answer(own);
  const needed = cases.flatMap((one): Needed[] => {
    const { needs = [] } = first.get(one) ?? {};
    const node = 'source' in one.what ? one.what.source.surveyed.target.node : undefined;
    return needs.map((listener) => ({ listener, ...(node === undefined ? {} : { node }) }));
  });
  const isAsked = needed.length > 0 && args.witness === 'node' && !finding.signal.aborted;
  const answers = isAsked ? answer(await runner.asked(needed, own)) : first;
  return cases.map((one) => resultOf(one, answers.get(one) ?? unanswered('it was not measured')));
}

type SourceSeen = { readonly seen: Seen } | { readonly reason: string };

function reportsOf(one: SourceSeen): Report[] {
  return 'seen' in one ? [one.seen.report] : [];
}

class Runner {
  readonly #args: TestArgs;
  readonly #finding: Finding;
  readonly #progress: ProgressLine;

  constructor(args: TestArgs, finding: Finding, progress: ProgressLine) {
    this.#args = args;
    this.#finding = finding;
    this.#progress = progress;
  }

  async seen(sources: readonly Source[]): Promise<ReadonlyMap<Source, SourceSeen>> {
    const first = await this.#round(sources, DIAGNOSIS, ({ dests, names, tls }) => ({
      to: [...dests.keys()],
      names: [...names].slice(0, NAMES_AT_ONCE),
      ...tlsPart([...tls].flatMap((dest) => dests.get(dest) ?? [])),
    }));
    const more: Round[] = [];
    for (let from = NAMES_AT_ONCE; ; from += NAMES_AT_ONCE) {
      const left = sources.filter(({ names }) => names.size > from);
      if (left.length === 0) break;
      more.push(
        await this.#round(left, ['dns'], ({ names }) => ({
          names: [...names].slice(from, from + NAMES_AT_ONCE),
        })),
      );
    }
    const loaded = sources.filter((source) => source.loaded.size > 0);
    // One source after the other: two at once would share the way.
    const loads = await this.#round(
      loaded,
      ['throughput'],
      ({ loaded: to }) => ({
        to: [...to],
        options: { throughput: { durationMs: LOAD_MS, reverse: false } },
      }),
      1,
    );
    return new Map(
      sources.map((source): [Source, SourceSeen] => {
        const main = first.get(source);
        if (main === undefined || 'reason' in main)
          return [source, { reason: main?.reason ?? 'it was not measured' }];
        const names = more.flatMap((round) => reportIn(round, source) ?? []);
        const throughput = reportIn(loads, source);
        return [source, { seen: withoutUndefined({ report: main.report, names, throughput }) }];
      }),
    );
  }

  /** Asks the nodes for listeners that no source has reached. */
  async asked(needed: readonly Needed[], own: Witnesses): Promise<Witnesses> {
    const { nodes, none } = await witnessNodes(needed, this.#finding);
    const targets = witnessTargets(nodes);
    const { items, failed } = await this.#gather(targets, ['firewall'], witnessOptions(this.#args));
    const reasons = new Map(failed.map(({ target, reason }) => [target.replace(/^node\//, ''), reason]));
    const told = nodeAnswers(
      nodes,
      items.map(({ report }) => report),
      reasons,
    );
    const unknown = none.map((listener) => [listenerKey(listener), 'no node is known that could'] as const);
    return {
      reached: new Map([...told.reached, ...own.reached]),
      unreached: new Map([...told.unreached, ...unknown]),
    };
  }

  async #round(
    sources: readonly Source[],
    checks: readonly string[],
    ask: (source: Source) => NonNullable<ListedTarget['own']>,
    atOnce = this.#args.limits.atOnce,
  ): Promise<Round> {
    if (sources.length === 0) return new Map();
    const targets = sources.map((source) => ({ ...source.surveyed.target, own: ask(source) }));
    const { connection, session, thresholds } = this.#args;
    const options = { connection, session, thresholds, to: [], names: [], options: {} };
    const { items, reasons } = await this.#gather(targets, checks, options, atOnce);
    const reports = new Map(items.map(({ place, report }) => [place, report]));
    return new Map(
      sources.map((source, i) => {
        const report = reports.get(i);
        return [
          source,
          report === undefined ? { reason: reasons.get(i) ?? 'it was not measured' } : { report },
        ];
      }),
    );
  }

  #gather(
    targets: readonly ListedTarget[],
    checks: readonly string[],
    options: RunOptions,
    atOnce = this.#args.limits.atOnce,
  ): ReturnType<typeof gatherMany> {
    const { shared, signal } = this.#finding;
    const gathering = { targets, checks, options, many: { atOnce }, shared, file: undefined };
    return gatherMany({ ...gathering, lineOf: () => undefined }, signal, this.#progress);
  }
}

function tlsPart(also: readonly string[]): Pick<RunOptions, 'options'> {
  return { options: also.length === 0 ? {} : { tls: { starttls: '', also } } };
}

function reportIn(round: Round, source: Source): Report | undefined {
  const found = round.get(source);
  return found !== undefined && 'report' in found ? found.report : undefined;
}

function answerTo({ what }: Case, all: ReadonlyMap<Source, SourceSeen>, witnesses: Witnesses): Answer {
  if ('problem' in what) return unanswered(what.problem);
  const found = all.get(what.source);
  if (found === undefined || 'reason' in found) return unanswered(found?.reason ?? 'it was not measured');
  return evaluate(what.question, found.seen, witnesses);
}

function resultOf({ test, from, to }: Case, answer: Answer): TestResult {
  const { place, name, dns } = test;
  const { outcome, summary, assertions, findings, provenBy } = answer;
  const end = to ?? dns;
  return withoutUndefined({
    file: place.file,
    document: place.document,
    number: place.number,
    line: place.line,
    name: name ?? (end === undefined ? from : `${from} → ${end}`),
    written: name ?? writtenWay(test, to),
    from,
    to,
    dns,
    outcome,
    summary,
    assertions,
    provenBy: provenBy.length === 0 ? undefined : provenBy,
    findings,
  });
}
