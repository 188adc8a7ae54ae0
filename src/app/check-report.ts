/** A run of checks on a target: session, inputs, evidence, judgement, report. */
import type { DockerInput } from '../checks/docker/facts.ts';
import type { PathInput } from '../checks/path/facts.ts';
import type { CheckId, PreparedCheck } from '../checks/registry.ts';
import { judge } from '../checks/report.ts';
import type { CheckArgs } from '../model/args.ts';
import { clusterChoice } from '../model/cluster-choice.ts';
import type { Report } from '../model/report.ts';
import { checkWritable, writeBundle } from './bundle-file.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import { withDockerHost } from './docker-host.ts';
import { hasLargeService, sampleEndpoints } from './endpoint-sample.ts';
import { prepareArp } from './inputs/arp.ts';
import { prepareConntrack } from './inputs/conntrack.ts';
import type { InputContext } from './inputs/context.ts';
import { askedDestinations } from './inputs/destinations.ts';
import { prepareDns } from './inputs/dns.ts';
import { prepareDocker } from './inputs/docker.ts';
import { prepareFirewall } from './inputs/firewall.ts';
import { prepareInterfaces } from './inputs/interfaces.ts';
import { prepareLatency } from './inputs/latency.ts';
import { prepareMtu } from './inputs/mtu.ts';
import { preparePath } from './inputs/path.ts';
import { prepareRouting } from './inputs/routing.ts';
import { prepareService } from './inputs/service.ts';
import { prepareSockets } from './inputs/sockets.ts';
import { prepareThroughput } from './inputs/throughput.ts';
import { prepareTls } from './inputs/tls.ts';
import { withIperfServers } from './iperf-servers.ts';
import type { Progress } from './progress.ts';
import { runChecks } from './run-checks.ts';
import { findTarget, withSession } from './target.ts';
import { withWatchers } from './watchers.ts';

/** How each check's input is gathered from the user and the API; `undefined`: there is nothing for it to look at. */
const INPUTS: Readonly<Record<CheckId, (context: InputContext) => Promise<PreparedCheck | undefined>>> = {
  dns: prepareDns,
  docker: prepareDocker,
  interfaces: prepareInterfaces,
  arp: prepareArp,
  routing: prepareRouting,
  service: prepareService,
  firewall: prepareFirewall,
  path: preparePath,
  sockets: prepareSockets,
  latency: prepareLatency,
  throughput: prepareThroughput,
  tls: prepareTls,
  conntrack: prepareConntrack,
  mtu: prepareMtu,
};

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
  const { subject } = target;
  const asked = await askedDestinations(subject.client, args.to, signal);
  const prepare = async (context: InputContext): Promise<PreparedCheck[]> =>
    (await Promise.all(ids.map((id) => INPUTS[id as CheckId](context)))).filter((c) => c !== undefined);
  const isLarge = hasLargeService(asked);
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
      const work = () => runChecks(checks, { session, startedAt, startedMs, deadline });
      // What is opened beside the target may take as long as the target itself.
      deadline.allow(args.session.timeoutMs);
      const beside = { ...context, args: hurried(args, deadline) };
      const contained = checks.find(({ check }) => check.id === 'docker');
      if (contained) return withDockerHost(contained.input as DockerInput, beside, progress, work);
      const watched = checks.find(({ check }) => check.id === 'path');
      if (watched) return withWatchers(watched.input as PathInput, beside, session, progress, work);
      return ids.includes('throughput') ? withIperfServers(context, progress, work) : work();
    },
    target,
  );
  const bundle = subject.client ? { ...gathered, connection: clusterChoice(args.connection) } : gathered;
  if (args.report.save !== undefined) await writeBundle(args.report.save, bundle);
  return judge(bundle);
}

/** For what is opened beside the target, and left out where it does not open in half of the time that is left. */
function hurried(args: CheckArgs, deadline: Deadline): CheckArgs {
  const half = Math.max(1000, Math.floor(deadline.leftMs / 2000) * 1000);
  return { ...args, session: { ...args.session, timeoutMs: Math.min(args.session.timeoutMs, half) } };
}
