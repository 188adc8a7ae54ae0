/** `in-cluster`: a command runs as a Job in the cluster, and its shards' evidence becomes one report. */
import { randomBytes } from 'node:crypto';
import { judge } from '../checks/report.ts';
import { bundleIn, checkWritable, writeBundle } from '../console/bundle-file.ts';
import { BundleListFile } from '../console/bundle-list-file.ts';
import { interruptible } from '../console/interrupt.ts';
import { type AnyReport, exitCodeOf, print, printReport } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { interruptedWith, type Reported, unsavedBy } from '../console/unsaved.ts';
import { createJob, dryRun, removeJob } from '../jobs/create.ts';
import { JobFollower, type ShardResults } from '../jobs/follow.ts';
import { unpacked } from '../jobs/frames.ts';
import { type ApiObject, cronJobOf, type JobObjects, jobObjects } from '../jobs/manifest.ts';
import { byName, byTarget, type Lost, type MergeHead, mergedMatrix } from '../jobs/merge.ts';
import { refuseWithoutRights } from '../jobs/own-rights.ts';
import { sweep } from '../jobs/sweep.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Bundle, BundleList } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { InClusterArgs } from '../model/job-args.ts';
import { type MatrixPlace, placeKey } from '../model/matrix.ts';
import type { Report, TargetInfo } from '../model/report.ts';
import type { FailedTarget, ReportList } from '../model/report-list.ts';
import { version } from '../model/version.ts';
import { ALONE, type Sharing, sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import { RIGHTS_HINT, withUserErrors } from '../open/failures.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { shardKey, shardOf } from '../open/shard.ts';
import { findTarget } from '../open/target.ts';
import { targetName } from '../open/target-name.ts';
import { renderDocument } from '../report/render.ts';
import { reportList } from '../report/report-list.ts';
import { chosenTargets, refuseTooMany } from './chosen-targets.ts';
import { listOf } from './judge.ts';
import { placeOf, sidesOf, targetOf } from './matrix.ts';
import { afterPush } from './push-report.ts';

/** Resolves to the exit code. After Ctrl-C the Job is removed, and what is there is printed. */
export function runInCluster(args: InClusterArgs): Promise<number> {
  keepHeapSmall();
  return interruptible((signal) =>
    withUserErrors(async () => {
      if (args.job.manifest) return printManifest(args, signal);
      const reported = await withProgress((progress) => reportOf(args, signal, progress));
      if (reported === undefined) throw signal.reason;
      const { report, unsaved } = reported;
      await printReport(report, args.report);
      if (signal.aborted) throw interruptedWith(unsaved, signal);
      const code = await afterPush(report, args.report, exitCodeOf(report, args.report.failOn));
      if (unsaved !== undefined) throw unsaved;
      return code;
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
): Promise<Reported<AnyReport> | undefined> {
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
    throw new UserError(work.kind === 'one' ? `${why}.` : `nothing came of the Job: ${why}.`, 3, {
      ...(results.lacksRights ? { hint: RIGHTS_HINT, lacksRights: true } : {}),
    });
  }
  const head = { tool: { version }, startedAt, durationMs: Math.round(performance.now() - began) };
  try {
    return await judged(results, lostOf(known, shards, results, signal.aborted), head, report.save);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('the evidence cannot be judged: the image of the Job holds another version.', 3, {
      cause: error,
    });
  }
}

async function judged(
  { evidence }: ShardResults,
  lost: Lost,
  head: MergeHead,
  save: string | undefined,
): Promise<Reported<AnyReport>> {
  const parts = [...evidence].map(([index, data]) => ({ index, data }));
  const [one] = parts;
  const first = one === undefined ? undefined : bundleOf(one);
  if (first?.kind === 'Bundle') {
    const unsaved = save === undefined ? undefined : await unsavedBy(() => writeBundle(save, first));
    return { report: judge(first), unsaved };
  }
  if (first?.matrix === undefined) return judgedList(parts, lost, head, save);
  const merged = mergedMatrix(parts.map(listIn), lost, head);
  const unsaved = save === undefined ? undefined : await unsavedList(save, merged, [merged.items]);
  return { report: listOf(merged), unsaved };
}

/** A shard's evidence, as it came. */
interface Part {
  readonly index: number;
  readonly data: Buffer;
}

function bundleOf({ index, data }: Part): Bundle | BundleList {
  return bundleIn(unpacked(data), `the evidence of shard ${index + 1}`);
}

function listIn(part: Part): BundleList {
  const list = bundleOf(part);
  if (list.kind !== 'BundleList') throw new Error(`shard ${part.index + 1} is not of the same run`);
  return list;
}

/** One shard after the other: the evidence of thousands of targets is never in memory at once. */
async function judgedList(
  parts: readonly Part[],
  lost: Lost,
  head: MergeHead,
  save: string | undefined,
): Promise<Reported<ReportList>> {
  const reports: Report[] = [];
  const failed: FailedTarget[] = [...lost.failed];
  for (const part of parts) {
    const list = listIn(part);
    failed.push(...list.failed);
    for (const { bundle } of list.items) reports.push(judge(bundle));
  }
  reports.sort((a, b) => byTarget(a.target, b.target));
  failed.sort(byName);
  const places = new Map(reports.map(({ target }, place) => [keyOf(target), place]));
  const unsaved =
    save === undefined ? undefined : await unsavedList(save, { ...head, failed }, inPlaces(parts, places));
  return { report: reportList({ ...head, items: reports, failed }), unsaved };
}

function* inPlaces(
  parts: readonly Part[],
  places: ReadonlyMap<string, number>,
): Generator<BundleList['items']> {
  for (const part of parts) {
    yield listIn(part).items.map(({ bundle }) => ({ place: places.get(keyOf(bundle.target)) ?? 0, bundle }));
  }
}

function keyOf({ kind, namespace, name }: TargetInfo): string {
  return JSON.stringify([kind, namespace ?? null, name]);
}

/** Saves it; resolves to why it could not. */
function unsavedList(
  path: string,
  head: MergeHead & Pick<BundleList, 'failed' | 'matrix'>,
  items: Iterable<BundleList['items']>,
): Promise<UserError | undefined> {
  return unsavedBy(async () => {
    const file = await BundleListFile.begin(path, head);
    try {
      for (const some of items) for (const { place, bundle } of some) await file.add(place, bundle);
      await file.finish(head);
    } finally {
      await file.close();
    }
    if (file.unsaved !== undefined) throw file.unsaved;
  });
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
  const follower = new JobFollower(client, objects.job, shards, progress);
  let isRunning = true;
  const tell = (): void => {
    progress.note(`interrupted: removing the Job "${name}"; another Ctrl-C leaves it to end by itself`);
    progress.show('waiting for its pods to put their targets back');
  };
  signal.addEventListener('abort', tell);
  try {
    await createJob(client, objects, signal);
    progress.note(`Job "${name}" in namespace "${namespace}" has ${shards} shard${shards === 1 ? '' : 's'}`);
    await follower.follow(signal);
    isRunning = false;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (!signal.aborted) progress.show('removing the Job');
    const left = await removeJob(client, objects, isRunning);
    if (left !== '')
      progress.note(`not all of the Job "${name}" could be removed: ${left}; it ends by itself`);
    signal.removeEventListener('abort', tell);
  }
  return follower.results;
}

function lostOf(
  known: readonly Known[],
  shards: number,
  { evidence, failures }: ShardResults,
  isInterrupted: boolean,
): Lost {
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
