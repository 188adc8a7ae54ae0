/** A run of checks on a target: session, inputs, evidence, judgement, report. */
import type { CheckId, PreparedCheck } from '../checks/registry.ts';
import { judge } from '../checks/report.ts';
import type { CheckArgs } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import { writeBundle } from './bundle-file.ts';
import type { InputContext } from './inputs/context.ts';
import { askedDestinations } from './inputs/destinations.ts';
import { prepareLatency } from './inputs/latency.ts';
import { findTarget, openSession } from './pod-session.ts';
import type { Progress } from './progress.ts';
import { runChecks } from './run-checks.ts';

/** How each check's input is gathered from the user and the API; `undefined`: there is nothing for it to look at. */
const INPUTS: Readonly<Record<CheckId, (context: InputContext) => Promise<PreparedCheck | undefined>>> = {
  latency: prepareLatency,
};

/** Checks and judges. @throws {UserError} exit 2 or 3 when there is nothing to report */
export async function checkReport(
  args: CheckArgs,
  ids: readonly CheckId[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Report> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const target = await findTarget(args, signal);
  progress.show('reading what the API knows');
  // Before the session: a DEST that does not exist is no reason to add a container to the pod.
  const asked = await askedDestinations(target.client, args.to, signal);
  const context: InputContext = { ...target, args, asked, signal };
  const checks = (await Promise.all(ids.map((id) => INPUTS[id](context)))).filter((c) => c !== undefined);
  const session = await openSession(args, signal, progress, target);
  progress.show(`checking ${ids.join(', ')}`);
  const { timeoutMs } = args.session;
  const bundle = await runChecks(checks, { session, startedAt, startedMs, timeoutMs, signal });
  if (args.report.save !== undefined) await writeBundle(args.report.save, bundle);
  return judge(bundle);
}
