import type { CheckArgs } from '../../model/args.ts';
import { type Command, defineCommand, type Example } from '../command.ts';
import type { Flag, ListFlag, SwitchFlag } from '../flag.ts';
import { connectionFlags, withoutUndefined } from '../flags/connection.ts';
import { reportFlags, reportValues } from '../flags/report.ts';
import {
  refuseLongerThanTimeout,
  requiredTarget,
  selectorFlags,
  sessionFlags,
  sessionValues,
  targetAndNames,
} from '../flags/target.ts';
import { thresholdValues } from '../flags/thresholds.ts';
import { usageError } from '../usage-error.ts';
import type { Values } from '../values.ts';

/** `--to`, which most checks take. */
export const to: ListFlag = {
  name: 'to',
  kind: 'list',
  splits: true,
  value: 'DEST',
  describe:
    'Also probe HOST[:PORT], a URL, pod/NAME[:PORT] or svc/NAME[:PORT]; repeat it, or separate several by commas (one in the path or query of a URL stays part of the URL)',
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
  describe: 'Like --both-ends, and on the nodes of both ends as well (makes a pod on each, and removes it)',
};

/** For checks that can look at the other end too. */
export const watchFlags: readonly Flag[] = [bothEnds, deep];

export function watchArgs(values: Values): Pick<CheckArgs, 'watch'> {
  if (values.isOn(deep)) return { watch: 'deep' };
  return values.isOn(bothEnds) ? { watch: 'ends' } : {};
}

interface CheckCommandDefinition {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly synopsis: string;
  readonly examples: readonly Example[];
  /** Its own flags, `to` among them when it takes DESTs. */
  readonly flags: readonly Flag[];
  /** It has nothing to do without a DEST. */
  readonly needsDestination?: boolean;
  /** The words after TARGET are names for it to look at. */
  readonly takesNames?: boolean;
  /** What its own flags say. */
  readonly ownArgs?: (values: Values) => Partial<CheckArgs>;
  load(): Promise<(args: CheckArgs) => Promise<number>>;
}

/** A command that runs checks and prints a report. */
export function checkCommand(definition: CheckCommandDefinition): Command {
  const { name, flags, needsDestination = false, takesNames = false, ownArgs, ...rest } = definition;
  return defineCommand<CheckArgs>({
    ...rest,
    name,
    flags: [...flags, ...selectorFlags, ...sessionFlags, ...reportFlags],
    takesTarget: true,
    toArgs: (values) => {
      const { target, names } = takesNames
        ? targetAndNames(name, values)
        : { target: requiredTarget(name, values), names: [] };
      const destinations = values.list(to);
      if (needsDestination && destinations.length === 0) throw usageError(`${name} needs --to DEST`);
      const own = ownArgs?.(values);
      refuseLongerThanTimeout(values, measuringMs(own, destinations.length));
      return withoutUndefined({
        connection: connectionFlags(values),
        target,
        session: sessionValues(values, [target]),
        report: reportValues(values),
        to: destinations,
        names,
        thresholds: thresholdValues(values),
        ...own,
      });
    },
  });
}

/** How long the user wants to measure. */
function measuringMs(
  { latency, throughput, conntrack }: Partial<CheckArgs> = {},
  destinations: number,
): number {
  if (latency) return latency.count * latency.intervalMs;
  // One after the other: together they would share the way.
  if (throughput) return throughput.durationMs * destinations;
  return conntrack?.watchMs ?? 0;
}
