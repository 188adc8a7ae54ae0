/** A run of checks on a target: session, inputs, evidence, judgement, report. */

import { PREPARATIONS } from '../checks/preparations.ts';
import { CHECKS, type CheckId } from '../checks/registry.ts';
import { judge } from '../checks/report.ts';
import type { InputContext } from '../cluster/context.ts';
import { askedDestinations } from '../cluster/destinations.ts';
import type { CheckArgs } from '../model/args.ts';
import { clusterChoice } from '../model/cluster-choice.ts';
import type { Report } from '../model/report.ts';
import { checkWritable, writeBundle } from './bundle-file.ts';
import { withCompany } from './company.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import { hasLargeService, sampleEndpoints } from './endpoint-sample.ts';
import type { Progress } from './progress.ts';
import { type PreparedCheck, runChecks } from './run-checks.ts';
import { findTarget, withSession } from './target.ts';

/** Checks and judges. @throws {UserError} exit 2 or 3 when there is nothing to report */
export function checkReport(
  args: CheckArgs,
  ids: readonly string[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Report> {
  return withDeadline(args.session, signal, progress, (deadline) => report(args, ids, deadline));
}

async function report(args: CheckArgs, ids: readonly string[], deadline: Deadline): Promise<Report> {
  const { signal, progress } = deadline;
  const startedAt = new Date();
  const startedMs = performance.now();
  if (args.report.save !== undefined) await checkWritable(args.report.save);
  const target = await findTarget(args, signal);
  progress.show('reading what the API knows');
  // Before the session: a DEST that does not exist is no reason to add a container to the pod.
  const { subject, client } = target;
  const asked = await askedDestinations(subject, args.to);
  const isLarge = hasLargeService(asked);
  const prepare = (context: InputContext) => prepareAll(ids as readonly CheckId[], context);
  const known: InputContext = { subject, args, asked, signal };
  // A mistake in the command line is told before anything is changed; a large Service is first looked at from there.
  const early = isLarge ? undefined : await prepare(known);
  const gathered = await withSession(
    args,
    signal,
    progress,
    async (session) => {
      for (const note of session.notes) progress.note(note);
      if (isLarge) progress.show('connecting to every endpoint');
      const context = isLarge ? { ...known, ...(await sampleEndpoints(asked, session, signal)) } : known;
      const checks = early ?? (await prepare(context));
      progress.show(`checking ${ids.join(', ')}`);
      // What is opened beside the target may take as long as the target itself.
      deadline.allow(args.session.timeoutMs);
      const beside = { context: { ...context, args: hurried(args, deadline) }, session, progress, client };
      return withCompany(checks, beside, () =>
        runChecks(checks, { session, startedAt, startedMs, deadline }),
      );
    },
    target,
  );
  const bundle = subject.cluster ? { ...gathered, connection: clusterChoice(args.connection) } : gathered;
  if (args.report.save !== undefined) await writeBundle(args.report.save, bundle);
  return judge(bundle);
}

/** Those that have something to look at. */
async function prepareAll(ids: readonly CheckId[], context: InputContext): Promise<PreparedCheck[]> {
  const all = await Promise.all(
    ids.map(async (id) => ({ check: CHECKS[id], input: await PREPARATIONS[id](context) })),
  );
  return all.filter(({ input }) => input !== undefined) as PreparedCheck[];
}

/** For what is opened beside the target, and left out where it does not open in half of the time that is left. */
function hurried(args: CheckArgs, deadline: Deadline): CheckArgs {
  const half = Math.max(1000, Math.floor(deadline.leftMs / 2000) * 1000);
  return { ...args, session: { ...args.session, timeoutMs: Math.min(args.session.timeoutMs, half) } };
}
