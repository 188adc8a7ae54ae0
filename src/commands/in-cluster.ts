/** `in-cluster`: a command runs as a Job in the cluster, and its shards' evidence becomes one report. */
import { randomBytes } from 'node:crypto';
import { judge } from '../checks/report.ts';
import { bundleIn, checkWritable, writeBundle } from '../console/bundle-file.ts';
import { BundleListFile } from '../console/bundle-list-file.ts';
import { interruptible } from '../console/interrupt.ts';
import { type AnyReport, exitCodeOf, print, printReport } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { createJob, dryRun, removeJob } from '../jobs/create.ts';
import { JobFollower, type ShardResults } from '../jobs/follow.ts';
import { type ApiObject, cronJobOf, type JobObjects, jobObjects } from '../jobs/manifest.ts';
import { mergedLists } from '../jobs/merge.ts';
import { refuseWithoutRights } from '../jobs/own-rights.ts';
import { sweep } from '../jobs/sweep.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Bundle, BundleList } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { InClusterArgs } from '../model/job-args.ts';
import { type MatrixPlace, placeKey } from '../model/matrix.ts';
import type { FailedTarget } from '../model/report-list.ts';
import { version } from '../model/version.ts';
import { ALONE, type Sharing, sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { shardKey, shardOf } from '../open/shard.ts';
import { findTarget } from '../open/target.ts';
import { renderDocument } from '../report/render.ts';
import { chosenTargets, refuseTooMany, targetName } from './chosen-targets.ts';
import { listOf } from './judge.ts';
import { placeOf, sidesOf, targetOf } from './matrix.ts';

/** Resolves to the exit code. After Ctrl-C the Job is removed, and what is there is printed. */
export function runInCluster(args: InClusterArgs): Promise<number> {
  keepHeapSmall();
  return interruptible((signal) =>
    withUserErrors(async () => {
      if (args.job.manifest) return printManifest(args, signal);
      const report = await withProgress((progress) => reportOf(args, signal, progress));
      if (report !== undefined) await printReport(report, args.report);
      if (report === undefined || signal.aborted) throw signal.reason;
      return exitCodeOf(report, args.report.failOn);
    }),
  );
}

async function printManifest(args: InClusterArgs, signal: AbortSignal): Promise<number> {
  const { namespace } = await ALONE.connect(args.connection, signal);
  // A manifest is applied again and again: its name says what it does.
  const objects = objectsOf(args, namespace, `nettools-${args.line[0]}`, args.job.shards);
  const { schedule } = args.job;
  const work = schedule === undefined ? objects.job : cronJobOf(objects, schedule);
  const all: ApiObject[] = [
    ...(objects.account === undefined ? [] : [objects.account]),
    ...objects.namespaced,
    ...objects.cluster,
    work,
  ];
  await print(all.map((object) => renderDocument(object, 'yaml')).join('---\n'));
  return 0;
}

function objectsOf(args: InClusterArgs, namespace: string, name: string, shards: number): JobObjects {
  const { session, work, job } = args;
  const line = [...args.line, `--namespace=${namespace}`];
  return jobObjects({ name, namespace, line, work, job: { ...job, shards }, session, isRun: !job.manifest });
}

/** What the Job will look at, as far as it is known before; those that come later belong to a shard all the same. */
interface Known {
  readonly key: string;
  readonly failed: Omit<FailedTarget, 'reason'>;
  readonly source?: MatrixPlace;
}

/** @returns `undefined`: interrupted before anything came of it */
async function reportOf(
  args: InClusterArgs,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<AnyReport | undefined> {
  const { connection, report, job, work } = args;
  if (report.save !== undefined) await checkWritable(report.save);
  const startedAt = new Date().toISOString();
  const began = performance.now();
  const shared = sharing(connection, signal);
  const known = await knownTargets(args, shared, signal, progress);
  const client = await shared.connect(connection, signal);
  // An empty shard is a pod for nothing.
  const shards = Math.max(1, Math.min(job.shards, known.length));
  const name = `nettools-${randomBytes(5).toString('hex')}`;
  const objects = objectsOf(args, client.namespace, name, shards);
  const results = await runJob(client, objects, shards, signal, progress);
  if (results.evidence.size === 0) {
    if (signal.aborted) return undefined;
    const [why = 'its shards brought no evidence'] = results.failures.values();
    throw new UserError(work.kind === 'one' ? `${why}.` : `nothing came of the Job: ${why}.`, 3);
  }
  const bundles = [...results.evidence].map(([index, data]) =>
    bundleIn(data.toString('utf8'), `the evidence of shard ${index + 1}`),
  );
  const head = { tool: { version }, startedAt, durationMs: Math.round(performance.now() - began) };
  const [first] = bundles;
  if (first?.kind === 'Bundle') return judgedOne(first, report.save);
  const lists = bundles.filter((one): one is BundleList => one.kind === 'BundleList');
  const merged = mergedLists(lists, lostOf(known, shards, results, signal.aborted), head);
  if (report.save !== undefined) await saveList(report.save, merged);
  return listOf(merged);
}

async function judgedOne(bundle: Bundle, save: string | undefined): Promise<AnyReport> {
  if (save !== undefined) await writeBundle(save, bundle);
  return judge(bundle);
}

async function saveList(path: string, list: BundleList): Promise<void> {
  const file = await BundleListFile.begin(path, list);
  try {
    for (const { place, bundle } of list.items) await file.add(place, bundle);
    await file.finish(list);
  } finally {
    await file.close();
  }
}

/** @throws {UserError} exit 2 or 3: there is no target, or there are too many */
async function knownTargets(
  { connection, session, work }: InClusterArgs,
  shared: Sharing,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Known[]> {
  if (work.kind === 'one') {
    // What is not there, the Job's pods would look for again and again.
    await findTarget({ connection, session, target: work.target }, signal, shared);
    return [];
  }
  if (work.kind === 'many') {
    const { targets } = await chosenTargets(work.many, { connection, session }, signal, progress);
    return targets.map((target) => ({ key: shardKey(target), failed: failedOf(target) }));
  }
  const { matrix } = work;
  const { sources } = await withDeadline(session, signal, progress, (deadline) => {
    deadline.progress.show('looking for sources and destinations');
    return sidesOf(matrix, shared, deadline.signal);
  });
  refuseTooMany(sources.map(targetOf), matrix.limits);
  return sources.map((place) => ({
    key: placeKey(place),
    failed: failedOf(targetOf(place)),
    source: placeOf(place),
  }));
}

function failedOf(target: ListedTarget): Omit<FailedTarget, 'reason'> {
  const { namespace, node, traits } = target;
  return {
    target: targetName(target),
    ...(namespace === undefined ? {} : { namespace }),
    ...(node === undefined ? {} : { node }),
    ...traits,
  };
}

/** Whatever comes of it, nothing of it stays in the cluster. An interrupt ends it with the results so far. */
async function runJob(
  client: KubeClient,
  objects: JobObjects,
  shards: number,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<ShardResults> {
  progress.show('asking what may be created');
  await refuseWithoutRights(client, signal);
  await dryRun(client, objects, signal);
  if (objects.cluster.length > 0) await sweep(client, signal);
  const { name, namespace } = objects.job.metadata;
  const follower = new JobFollower(client, objects.job, shards);
  let isRunning = true;
  try {
    await createJob(client, objects, signal);
    progress.note(`Job "${name}" in namespace "${namespace}" has ${shards} shard${shards === 1 ? '' : 's'}`);
    await follower.follow(signal, progress);
    isRunning = false;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.show('removing the Job');
    const left = await removeJob(client, objects, isRunning);
    if (left !== '')
      progress.note(`not all of the Job "${name}" could be removed: ${left}; it ends by itself`);
  }
  return follower.results;
}

function lostOf(
  known: readonly Known[],
  shards: number,
  { evidence, failures }: ShardResults,
  isInterrupted: boolean,
): { readonly failed: readonly FailedTarget[]; readonly sources: readonly MatrixPlace[] } {
  const failed: FailedTarget[] = [];
  const sources: MatrixPlace[] = [];
  for (let index = 0; index < shards; index++) {
    if (evidence.has(index)) continue;
    const why =
      failures.get(index) ?? (isInterrupted ? 'interrupted before it was done' : 'nothing came of it');
    const reason = `shard ${index + 1} of ${shards}: ${why}`;
    const own = known.filter(({ key }) => shardOf(key, shards) === index);
    for (const one of own) {
      failed.push({ ...one.failed, reason });
      if (one.source !== undefined) sources.push(one.source);
    }
    if (own.length === 0) failed.push({ target: `shard ${index + 1}`, reason });
  }
  return { failed, sources };
}
