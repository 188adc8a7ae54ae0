/** `test init`: a first file of expectations, of what works from a target now, or of another tool's file. */

import { askedDestinations } from '../cluster/destinations.ts';
import { portsOf } from '../cluster/services.ts';
import { interruptible } from '../console/interrupt.ts';
import { print } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { evaluate } from '../expectations/evaluate.ts';
import { fromNetassert } from '../expectations/netassert.ts';
import type { Question } from '../expectations/question.ts';
import { type TestDocument, type WrittenTest, writeNetworkTests } from '../expectations/write.ts';
import { UserError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';
import { socketAddress } from '../model/socket-address.ts';
import type { TestInitArgs } from '../model/test-args.ts';
import { sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import type { Finding } from '../open/endpoints.ts';
import { withUserErrors } from '../open/failures.ts';
import { type Surveyed, survey } from '../open/survey.ts';
import { findTarget, withSession } from '../open/target.ts';
import { parseListeners } from '../parsers/listeners.ts';
import { parsePeers } from '../parsers/peers.ts';
import { gather } from '../probes/gather.ts';
import { gatherMany } from './gather-many.ts';
import { readText } from './test-files.ts';
import { DIAGNOSIS } from './test-run.ts';

/** A first file is to be read by people. */
const MOST_DESTINATIONS = 12;
const MOST_NAMES = 3;

/** Resolves to the exit code. */
export async function runTestInit({ what, ...options }: TestInitArgs): Promise<number> {
  keepHeapSmall();
  if (what.kind === 'netassert') {
    await print(writeNetworkTests(fromNetassert(readText(what.file), what.file)));
    return 0;
  }
  return interruptible((signal) =>
    withUserErrors(async () => {
      const document = await withProgress((progress) => firstTests(what, options, signal, progress));
      await print(writeNetworkTests(document));
      return 0;
    }),
  );
}

type Options = Omit<TestInitArgs, 'what'>;
type Target = Extract<TestInitArgs['what'], { readonly kind: 'target' }>;

/** @throws {UserError} exit 3: nothing worked, so there is nothing to write */
async function firstTests(
  { text, spec }: Target,
  options: Options,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<TestDocument> {
  const { connection, session } = options;
  const shared = sharing(connection, signal);
  const finding: Finding = { connection, shared, signal, targetOf: () => spec };
  const surveyed = await withDeadline(session, signal, progress, (deadline) =>
    survey({ spec }, session, { ...finding, signal: deadline.signal }),
  );
  const peers = await peersOf(surveyed, options, signal, progress);
  const { dests, names } = await candidates(surveyed, peers);
  const { report, labels } = await look(surveyed, { dests, names }, options, finding, progress);
  const from = spec.kind === 'selector' ? { selector: spec.selector } : text;
  const tests: WrittenTest[] = [];
  const remarks: string[] = [];
  const add = (test: WrittenTest, question: Question, what: string): void => {
    const answer = evaluate(question, { report }, { reached: new Map(), unreached: new Map() });
    if (answer.outcome === 'met') tests.push(test);
    else remarks.push(`left out: ${what}. ${answer.summary}`);
  };
  for (const dest of dests) {
    const question: Question = {
      expect: { connection: 'connected' },
      labels: labels.get(dest) ?? [],
      isUrl: false,
      allLabels: [],
    };
    add({ from, to: dest, expect: 'connected' }, question, dest);
  }
  for (const name of names) {
    const question: Question = { expect: { answers: 1 }, labels: [], isUrl: false, allLabels: [], dns: name };
    add({ from, dns: name, expect: { answers: 1 } }, question, name);
  }
  if (tests.length === 0)
    throw new UserError(`nothing works from ${surveyed.title} that a first file could expect.`, 3, {
      hint: 'Look at it with "kubectl nettools diagnose" first.',
    });
  const namespace = surveyed.target.namespace;
  const name = text.replace(/^.*[/:]/, '') || 'first';
  return { name, ...(namespace === undefined ? {} : { namespace }), tests, remarks };
}

/** A connection of the target's to somebody else. */
type Peers = readonly { readonly address: string; readonly port: number }[];

/** Whom the target is connected to now, as far as it is the one that connects. */
async function peersOf(
  { target }: Surveyed,
  { connection, session }: Options,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Peers> {
  const where = target.namespace === undefined ? connection : { ...connection, namespace: target.namespace };
  const args = { connection: where, session, target: target.spec };
  const commands = [
    { id: 'peers', argv: ['ss', '-tnH', 'state', 'established'], timeoutSeconds: 5 },
    { id: 'listeners', argv: ['ss', '-lntupH'], timeoutSeconds: 5 },
  ];
  const found = await findTarget(args, signal);
  const evidence = await withSession(
    args,
    signal,
    progress,
    ({ channel, budget }) => gather(channel, { phases: [commands] }, { signal, budget }),
    found,
  );
  const own = new Set(parseListeners(evidence['listeners']?.stdout ?? '').map(({ port }) => port));
  return parsePeers(evidence['peers']?.stdout ?? '').filter(
    ({ localPort, address }) => !own.has(localPort) && !/^(?:127\.|::1$)/.test(address),
  );
}

/** The Services of its namespace and those that it is connected to, and hosts that are neither Services nor pods. */
async function candidates(
  { subject }: Surveyed,
  peers: Peers,
): Promise<{ readonly dests: readonly string[]; readonly names: readonly string[] }> {
  const { cluster } = subject;
  const dests = new Set<string>();
  const names = new Set<string>();
  for (const { address, port } of cluster === undefined ? [] : peers) {
    const [service] = (await cluster?.servicesAt(address))?.value ?? [];
    const { name, namespace } = service?.metadata ?? {};
    if (name !== undefined && namespace !== undefined) {
      dests.add(`svc/${name}${namespace === cluster?.namespace ? '' : `.${namespace}`}:${port}`);
      continue;
    }
    // A pod has another address tomorrow.
    const isPod = ((await cluster?.podsAt(address))?.value ?? []).length > 0;
    if (!isPod) dests.add(socketAddress(address, port));
  }
  if (cluster === undefined) for (const { address, port } of peers) dests.add(socketAddress(address, port));
  const services = (await cluster?.services(cluster.namespace))?.value ?? [];
  for (const service of [...services].sort((a, b) => order(a.metadata?.name, b.metadata?.name))) {
    const { name = '', namespace = '' } = service.metadata ?? {};
    for (const { port } of portsOf(service, 'tcp')) dests.add(`svc/${name}:${port}`);
    if (names.size < MOST_NAMES - 1) names.add(`${name}.${namespace}`);
  }
  if (cluster !== undefined) names.add('kubernetes.default');
  return { dests: [...dests].slice(0, MOST_DESTINATIONS), names: [...names] };
}

function order(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One run that looks at all of it; what the API cannot resolve is not among the labels. */
async function look(
  { subject, target, title }: Surveyed,
  { dests, names }: { readonly dests: readonly string[]; readonly names: readonly string[] },
  { connection, session, thresholds }: Options,
  { shared, signal }: Finding,
  progress: ProgressLine,
): Promise<{ readonly report: Report; readonly labels: ReadonlyMap<string, readonly string[]> }> {
  const labels = new Map<string, readonly string[]>();
  for (const dest of dests) {
    try {
      labels.set(
        dest,
        (await askedDestinations(subject, [dest])).map(({ label }) => label),
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  const options = { connection, session, thresholds, to: [...labels.keys()], names, options: {} };
  const { items, reasons } = await gatherMany(
    {
      targets: [target],
      checks: DIAGNOSIS,
      options,
      many: { atOnce: 1 },
      shared,
      file: undefined,
      lineOf: () => undefined,
    },
    signal,
    progress,
  );
  signal.throwIfAborted();
  const [item] = items;
  if (item === undefined) throw new UserError(`${title} could not be measured: ${reasons.get(0) ?? ''}.`, 3);
  return { report: item.report, labels };
}
