/** From tests to what is measured: each source once, with all that any test asks of it. Nothing is added yet. */
import { askedDestinations } from '../cluster/destinations.ts';
import type { Question } from '../expectations/question.ts';
import type { Endpoints, Goal, NetworkTest, NetworkTestFile } from '../model/network-test.ts';
import type { TestArgs } from '../model/test-args.ts';
import { withoutUndefined } from '../model/without-undefined.ts';
import { clientIn, type Finding, sourcesOf } from '../open/endpoints.ts';
import { type FoundGoal, goalsAt, placesOf } from '../open/goals.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { type Surveyed, survey } from '../open/survey.ts';
import { targetName } from '../open/target-name.ts';
import { inTurn } from '../run/scheduler.ts';
import { reasonOf } from './failure-reason.ts';

/** One test from one source to one destination. */
export interface Case {
  readonly file: NetworkTestFile;
  readonly test: NetworkTest;
  /** What the report calls the source. */
  readonly from: string;
  readonly to?: string;
  /** What there is to measure, or why there is nothing. */
  readonly what: { readonly source: Source; readonly question: Question } | { readonly problem: string };
}

/** One target, and all that is asked of it. */
export interface Source {
  readonly surveyed: Surveyed;
  /** DESTs that the API has resolved, with the labels of what they are. */
  readonly dests: Map<string, readonly string[]>;
  readonly names: Set<string>;
  /** DESTs that are loaded, and those whose certificate is looked at. */
  readonly loaded: Set<string>;
  readonly tls: Set<string>;
  expectations: number;
}

export interface Cases {
  /** In the order of the tests. */
  readonly cases: readonly Case[];
  /** In the order in which tests name them first. */
  readonly sources: readonly Source[];
}

/** How many targets are read at the same time. */
const READ_AT_ONCE = 8;

/** What cannot be found is a case with its reason, so that the others go on. @throws the signal's reason; {UserError} there is no cluster */
export async function casesOf(
  files: readonly NetworkTestFile[],
  { session }: Pick<TestArgs, 'session'>,
  finding: Finding,
): Promise<Cases> {
  // Without a cluster nothing of it can be found: that is said once.
  if (files.some(({ tests }) => tests.some(({ from }) => isInCluster(from, finding))))
    await clientIn(finding, undefined);
  const finder = new Finder(session, finding);
  const all: { readonly file: NetworkTestFile; readonly test: NetworkTest; readonly from: From[] }[] = [];
  for (const file of files)
    for (const test of file.tests) all.push({ file, test, from: await finder.sources(test, file) });
  await finder.readAll(
    all.flatMap(({ from }) => from.flatMap((one) => ('target' in one ? [one.target] : []))),
  );
  const cases: Case[] = [];
  for (const { file, test, from } of all)
    for (const one of from) cases.push(...(await finder.casesFrom(one, test, file)));
  const labelsOf = (source: Source): readonly string[] => [...source.dests.values()].flat();
  return {
    cases: cases.map((one) =>
      'problem' in one.what
        ? one
        : {
            ...one,
            what: {
              ...one.what,
              question: { ...one.what.question, allLabels: labelsOf(one.what.source) },
            },
          },
    ),
    sources: finder.sourcesInOrder(),
  };
}

function isInCluster(from: Endpoints, { targetOf }: Finding): boolean {
  return from.kind !== 'target' || ['name', 'selector', 'node'].includes(targetOf(from.target).kind);
}

/** A source that a test names, or why there is none. */
type From = { readonly target: ListedTarget } | { readonly problem: string };

/** What came of a question that others may ask again. */
type Found<T> = { readonly value: T } | { readonly problem: string };

class Finder {
  readonly #session: TestArgs['session'];
  readonly #finding: Finding;
  readonly #asked = new Map<string, Promise<Found<unknown>>>();
  readonly #sources = new Map<string, Source>();

  constructor(session: TestArgs['session'], finding: Finding) {
    this.#session = session;
    this.#finding = finding;
  }

  sourcesInOrder(): readonly Source[] {
    return [...this.#sources.values()].filter(({ expectations }) => expectations > 0);
  }

  async sources({ from }: NetworkTest, { namespace }: NetworkTestFile): Promise<From[]> {
    const found = await this.#once(['sources', from, namespace ?? null], () =>
      sourcesOf(from, namespace, this.#finding),
    );
    if ('problem' in found) return [found];
    return found.value.length === 0
      ? [{ problem: 'there is no such source' }]
      : found.value.map((target) => ({ target }));
  }

  async readAll(targets: readonly ListedTarget[]): Promise<void> {
    await inTurn(targets, READ_AT_ONCE, async (target) => {
      await this.#surveyed(target);
    });
  }

  async casesFrom(from: From, test: NetworkTest, file: NetworkTestFile): Promise<Case[]> {
    const [only, ...others] = test.to;
    const to = only === undefined || others.length > 0 ? {} : { to: goalText(only) };
    if ('problem' in from) return [{ file, test, from: placesText(test.from), ...to, what: from }];
    const found = await this.#surveyed(from.target);
    if ('problem' in found) return [{ file, test, from: targetName(from.target), ...to, what: found }];
    const source = this.#sourceOf(found.value);
    const own = { file, test, from: found.value.title };
    if (test.to.length === 0) {
      source.expectations++;
      if (test.dns !== undefined) source.names.add(test.dns);
      return [{ ...own, what: { source, question: questionOf(test, []) } }];
    }
    const cases: Case[] = [];
    for (const goal of test.to)
      cases.push(...(await this.#casesTo(inNamespace(goal, source, file.namespace), source, own)));
    return cases;
  }

  async #casesTo(goal: Goal, source: Source, own: Omit<Case, 'what' | 'to'>): Promise<Case[]> {
    const goals = await this.#goals(goal, source, own.file.namespace);
    if ('problem' in goals) return [{ ...own, to: goalText(goal), what: goals }];
    // A test that measures nothing must not be green.
    if (goals.value.length === 0)
      return [{ ...own, to: goalText(goal), what: { problem: 'nothing is meant but the source itself' } }];
    const cases: Case[] = [];
    for (const { dest, shown } of goals.value) {
      const { expect } = own.test;
      const labels = await this.#labels(dest, source);
      if ('problem' in labels) {
        cases.push({ ...own, to: shown, what: labels });
        continue;
      }
      // Where nothing can be measured from it, a source is not opened.
      source.expectations++;
      source.dests.set(dest, labels.value);
      if (expect.throughputBits !== undefined) source.loaded.add(dest);
      if (expect.certificateDays !== undefined || expect.certificateNames !== undefined) source.tls.add(dest);
      cases.push({ ...own, to: shown, what: { source, question: questionOf(own.test, labels.value, dest) } });
    }
    return cases;
  }

  #surveyed(target: ListedTarget): Promise<Found<Surveyed>> {
    const { spec, namespace } = target;
    return this.#once(['survey', spec, namespace ?? null], () =>
      survey(target, this.#session, this.#finding),
    );
  }

  #sourceOf(surveyed: Surveyed): Source {
    const source = this.#sources.get(surveyed.key) ?? {
      surveyed,
      dests: new Map(),
      names: new Set(),
      loaded: new Set(),
      tls: new Set(),
      expectations: 0,
    };
    this.#sources.set(surveyed.key, source);
    return source;
  }

  async #goals(
    goal: Goal,
    { surveyed }: Source,
    namespace: string | undefined,
  ): Promise<Found<readonly FoundGoal[]>> {
    if (goal.kind === 'dest') return { value: [{ dest: goal.dest, shown: goal.dest }] };
    const places = await this.#once(['places', goal.places, namespace ?? null], () =>
      placesOf(goal.places, namespace, this.#finding),
    );
    if ('problem' in places) return places;
    return this.#once(['goals', goal, namespace ?? null, surveyed.key], async () =>
      goalsAt(places.value, goal.port, surveyed),
    );
  }

  #labels(dest: string, { surveyed }: Source): Promise<Found<readonly string[]>> {
    return this.#once(['labels', dest, surveyed.key], async () => {
      const found = await askedDestinations(surveyed.subject, [dest]);
      return found.map(({ label }) => label);
    });
  }

  /** @throws the signal's reason: what was interrupted is no answer */
  #once<T>(key: readonly unknown[], ask: () => Promise<T>): Promise<Found<T>> {
    const text = JSON.stringify(key);
    const known = this.#asked.get(text) as Promise<Found<T>> | undefined;
    if (known !== undefined) return known;
    const { signal } = this.#finding;
    const answer = ask().then(
      (value): Found<T> => ({ value }),
      (error: unknown): Found<T> => {
        signal.throwIfAborted();
        return { problem: reasonOf(error) };
      },
    );
    this.#asked.set(text, answer);
    return answer;
  }
}

/** A node has no namespace in which names of Services and pods could be looked up: there they are in that of the file. */
function inNamespace(goal: Goal, { surveyed }: Source, namespace: string | undefined): Goal {
  if (goal.kind !== 'dest' || surveyed.target.spec.kind !== 'node' || namespace === undefined) return goal;
  const [, service, end = ''] = /^(?:svc|services?)\/([^/:.]+)((?::|\/udp$).*)?$/i.exec(goal.dest) ?? [];
  if (service !== undefined) return { kind: 'dest', dest: `svc/${service}.${namespace}${end}` };
  const [, pod, port] = /^(?:po|pods?)\/([^/:]+)(?::(\d+(?:\/udp)?))?$/i.exec(goal.dest) ?? [];
  if (pod === undefined) return goal;
  const places = { kind: 'target', target: `pod/${pod}`, every: false, namespace } as const;
  return { kind: 'places', places, ...(port === undefined ? {} : { port }) };
}

function questionOf({ expect, dns }: NetworkTest, labels: readonly string[], dest = ''): Question {
  return withoutUndefined({
    expect,
    labels,
    dns,
    isUrl: /^https?:\/\//i.test(dest),
    allLabels: [],
  });
}

/** As it stands in the file. */
function placesText(places: Endpoints): string {
  switch (places.kind) {
    case 'target':
      return places.every ? `all of ${places.target}` : places.target;
    case 'selector':
      return `${places.every ? 'all of ' : ''}-l ${places.selector}`;
    case 'nodes':
      return places.names === undefined ? 'all nodes' : `nodes ${places.names.join(', ')}`;
  }
}

/** A test without a name as the file says it: the pods that are meant have other names after each rollout. */
export function writtenWay({ from, to, dns }: NetworkTest, resolved: string | undefined): string {
  const [goal, ...others] = to;
  // Of a list it is one of them.
  const one = goal === undefined || others.length > 0 ? resolved : goalText(goal);
  const end = one ?? dns;
  return end === undefined ? placesText(from) : `${placesText(from)} → ${end}`;
}

function goalText(goal: Goal): string {
  return goal.kind === 'dest'
    ? goal.dest
    : `${placesText(goal.places)}${goal.port === undefined ? '' : `:${goal.port}`}`;
}
