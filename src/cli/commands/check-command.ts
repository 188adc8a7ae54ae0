/** The commands that run checks and print a report, made of what the checks say of themselves. */
import { ABOUTS } from '../../checks/about.ts';
import { diagnosisOrder } from '../../checks/diagnosis.ts';
import type { CheckArgs, SessionFlags } from '../../model/args.ts';
import type { CheckAbout, CheckCommand } from '../../model/check-about.ts';
import type { ListFlag, SwitchFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { type Command, defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { manyFlags, targetChoice, targetsIn } from '../flags/many.ts';
import { reportFlags, reportValues } from '../flags/report.ts';
import { refuseLongerThanTimeout, selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';
import { thresholdFlags, thresholdValues } from '../flags/thresholds.ts';
import type { Values } from '../values.ts';

const to: ListFlag = {
  name: 'to',
  kind: 'list',
  splits: true,
  value: 'DEST',
  describe:
    'Also probe HOST[:PORT], a URL, pod/NAME[:PORT] or svc/NAME[:PORT]; repeat the flag, or separate several with commas (a comma in the path or query of a URL belongs to the URL)',
  completes: 'destination',
};
const bothEnds: SwitchFlag = {
  name: 'both-ends',
  kind: 'switch',
  describe: 'Also listen in the pods that DEST names (adds an ephemeral container to them)',
};
const deep: SwitchFlag = {
  name: 'deep',
  kind: 'switch',
  describe:
    "Like --both-ends, and also on the nodes of both ends (creates a pod on each and removes it); of a pod's DEST outside of the cluster, on the pod's node",
};

function watchOf(values: Values): CheckArgs['watch'] {
  if (values.isOn(deep)) return 'deep';
  return values.isOn(bothEnds) ? 'ends' : undefined;
}

/** @throws {UserError} exit 2: what was asked for is no way to the kernel */
function refuseOtherWays(name: string, { via, container, profile }: SessionFlags): void {
  const flag =
    via === 'pod'
      ? '--via pod'
      : container === undefined
        ? profile === 'auto' || profile === 'netadmin'
          ? undefined
          : `--profile ${profile}`
        : '-c';
  if (flag !== undefined) {
    throw usageError(
      `${name} watches the kernel of the target's machine, to which ${flag} is no way: omit it`,
    );
  }
}

/**
 * @param checks those that it runs, in this order
 * @param limits the checks whose thresholds it has flags for
 */
function checkCommand(
  name: string,
  command: CheckCommand<object>,
  checks: readonly string[],
  limits: readonly CheckAbout[],
): Command {
  const { destinations, takesNames = false, watches = false } = command;
  const { synopsis } = command;
  return defineCommand<CheckArgs>({
    name,
    summary: command.summary,
    ...(command.details === undefined ? {} : { details: command.details }),
    synopsis: takesNames ? synopsis : synopsis.replace(/^TARGET/, 'TARGET…'),
    examples: command.examples,
    flags: [
      ...(destinations === 'none' ? [] : [to]),
      ...(watches ? [bothEnds, deep] : []),
      ...(command.flags ?? []),
      ...limits.flatMap(thresholdFlags),
      ...selectorFlags,
      ...manyFlags,
      ...sessionFlags,
      ...reportFlags,
    ],
    takesTarget: true,
    takesTargets: !takesNames,
    toArgs: (values) => {
      const { choice, names } = targetChoice(name, values, command);
      const asked = values.list(to);
      if (destinations === 'must' && asked.length === 0) throw usageError(`${name} needs --to DEST`);
      const options = command.options?.(values);
      command.refuse?.(asked);
      const measuringMs = options && command.measuringMs?.(options, asked.length);
      refuseLongerThanTimeout(values, measuringMs ?? 0);
      const session = sessionValues(values, targetsIn(choice));
      if (command.watchesKernel === true) refuseOtherWays(name, session);
      return withoutUndefined({
        connection: connectionFlags(values),
        ...choice,
        session: command.watchesKernel ? { ...session, watchesKernel: command.watchesKernel } : session,
        report: reportValues(values, name),
        to: asked,
        names,
        watch: watches ? watchOf(values) : undefined,
        thresholds: thresholdValues(values),
        options: options === undefined ? {} : { [name]: options },
      });
    },
    load: async () => {
      const { runChecks } = await import('../../commands/check.ts');
      return (args) => runChecks(args, checks);
    },
  });
}

/** One for each check that has a command. */
export const checkCommands: readonly Command[] = ABOUTS.flatMap((about) =>
  about.command === undefined ? [] : [{ about, command: about.command }],
)
  .sort((a, b) => a.command.place - b.command.place)
  .map(({ about, command }) =>
    checkCommand(about.id, command, [about.id, ...(command.alsoRuns ?? [])], [about]),
  );

const order = diagnosisOrder(ABOUTS);
const parts = order.flatMap((id) => ABOUTS.filter((about) => about.id === id));

export const diagnose = checkCommand(
  'diagnose',
  {
    place: 0,
    summary: 'Run all checks that apply and name the cause first',
    details: `One exec carries them all. A finding that follows from another is listed under it, so the first line is the one to
act on. A TCP server in --to gets 4 KB of blanks, to see whether large packets arrive.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      { comment: 'What is wrong with the network of the pod web-0', line: 'diagnose web-0' },
      {
        comment: 'Why a pod of web cannot reach the Service db',
        line: 'diagnose deploy/web --to svc/db:5432',
      },
      {
        comment: 'What is wrong in the pods of web, and what the affected ones share',
        line: 'diagnose -l app=web --all',
      },
      { comment: 'Every node of the cluster', line: 'diagnose --all-nodes' },
    ],
    destinations: 'may',
    watches: true,
    watchesKernel: 'if-admitted',
  },
  order,
  parts,
);
