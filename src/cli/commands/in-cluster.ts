/** Every command that ends with a report, as one that runs in the cluster: `in-cluster diagnose`, `in-cluster matrix`. */
import type { CheckArgs, MatrixArgs } from '../../model/args.ts';
import type { PushTarget } from '../../model/exposition.ts';
import type { Flag, ListFlag, SettingFlag, SwitchFlag, TextFlag } from '../../model/flag.ts';
import type { Amounts, InClusterArgs, JobFlags, JobWork, Toleration } from '../../model/job-args.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { type Command, defineCommand } from '../command.ts';
import { isSchedule } from '../cron.ts';
import { exclusive } from '../flags/connection.ts';
import { isLabelKey, isLabelValue, isObjectName } from '../label.ts';
import type { Values } from '../values.ts';
import { checkCommands, diagnose } from './check-command.ts';
import { matrix } from './matrix.ts';

const shards = {
  name: 'shards',
  kind: 'text',
  value: 'N',
  default: '4',
  describe: 'Parts that the TARGETs are divided into, each with a pod of its own',
} as const satisfies TextFlag;
const parallelism: TextFlag = {
  name: 'parallelism',
  kind: 'text',
  value: 'N',
  describe: 'Shards that run at the same time; default: all',
};
const deadline = {
  name: 'deadline',
  kind: 'text',
  value: 'DURATION',
  default: '1h',
  describe: 'How long a shard may take; then it reports what it has',
} as const satisfies TextFlag;
const ttl = {
  name: 'ttl',
  kind: 'text',
  value: 'DURATION',
  default: '10m',
  describe: 'How long the Job stays after its end where nobody is left to remove it',
} as const satisfies TextFlag;
const serviceAccount: TextFlag = {
  name: 'service-account',
  kind: 'text',
  value: 'NAME',
  describe:
    'Run as this ServiceAccount, whose rights you have given, instead of making one with the least rights',
};
const jobImage = {
  name: 'job-image',
  kind: 'text',
  value: 'IMAGE',
  describe: "Image of the Job's pods, which holds this program",
  setting: { key: 'jobImage', type: 'image' },
} as const satisfies SettingFlag;
const nodeSelector: ListFlag = {
  name: 'node-selector',
  kind: 'list',
  splits: true,
  value: 'KEY=VALUE',
  describe: "Run the Job's pods on nodes with this label",
};
const toleration: ListFlag = {
  name: 'toleration',
  kind: 'list',
  splits: true,
  value: 'KEY[=VALUE][:EFFECT]',
  describe: "A taint that the Job's pods tolerate, as kubectl taint has it",
};
const requests = {
  name: 'requests',
  kind: 'text',
  value: 'AMOUNTS',
  default: 'cpu=100m,memory=256Mi',
  describe: "Requests of each of the Job's pods",
} as const satisfies TextFlag;
const limits = {
  name: 'limits',
  kind: 'text',
  value: 'AMOUNTS',
  default: 'cpu=1,memory=1Gi',
  describe: "Limits of each of the Job's pods",
} as const satisfies TextFlag;
const manifest: SwitchFlag = {
  name: 'manifest',
  kind: 'switch',
  describe: 'Print the objects as YAML for kubectl apply, and create nothing',
};
const schedule: TextFlag = {
  name: 'schedule',
  kind: 'text',
  value: 'CRON',
  describe: 'With --manifest: a CronJob that runs at these times',
};

/** What a command has as a Job, beside its own flags. */
export const jobFlags: readonly Flag[] = [
  shards,
  parallelism,
  deadline,
  ttl,
  serviceAccount,
  jobImage,
  nodeSelector,
  toleration,
  requests,
  limits,
  manifest,
  schedule,
];

/** Those of them that are settings. */
export const settingsOfJobs: readonly SettingFlag[] = [jobImage];

/** Done by whoever merges the shards, or said by the Job itself. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['output', 'save', 'shard', 'push']);

/** One for each command that ends with a report. */
export const inClusterCommands: readonly Command[] = [diagnose, matrix, ...checkCommands].map(inCluster);

function inCluster(command: Command): Command {
  const flags = command.flags.filter(({ name }) => name !== 'shard');
  return defineCommand<InClusterArgs>({
    ...command,
    name: `in-cluster ${command.name}`,
    summary: `${command.summary}, from a Job in the cluster`,
    details: `The Job's pods share the TARGETs, and their evidence is judged as one report. It runs with the least rights in the
namespace of -n or the context, and is removed with all that belongs to it.`,
    examples: command.examples
      .filter(({ line }) => !/\bdocker:|\bnetns:|\bpid:|\blocal\b/.test(line))
      .slice(0, 2)
      .map(({ comment, line }) => ({ comment, line: `in-cluster ${line}` })),
    flags: [...flags, ...jobFlags],
    toArgs: (values) => {
      const args = command.prepare(values).args as CheckArgs | MatrixArgs;
      const work = workOf(args);
      const job = jobOf(values, work.kind === 'one');
      if (job.manifest && args.report.save !== undefined) throw exclusive('--manifest', '--save');
      if (job.schedule !== undefined && !job.manifest)
        throw usageError('--schedule is for --manifest: without it the Job runs once, now');
      const { connection, session, report } = args;
      const { pullSecret } = session;
      // A manifest is applied long after it was made.
      if (pullSecret !== undefined && !isObjectName(pullSecret))
        throw usageError(`--pull-secret must be the name of a Secret, not "${pullSecret}"`);
      if (job.manifest) refusePassword(report.push);
      return { connection, session, report, line: lineOf(command, flags, values, job.manifest), work, job };
    },
    load: async () => (await import('../../commands/in-cluster.ts')).runInCluster,
  });
}

/** @throws UserError with exit code 2 */
export function refusePassword(push: PushTarget | undefined): void {
  if (push?.authorization !== undefined)
    throw usageError(
      '--push has a user or a password, which everybody could read in a manifest: name a gateway that takes none',
    );
}

/** @throws UserError with exit code 2 for what is in no cluster */
function workOf(args: CheckArgs | MatrixArgs): JobWork {
  const usesNodes = args.session.via === 'node' || args.session.netns !== undefined;
  if ('from' in args) return { kind: 'matrix', matrix: args, usesNodes };
  const targets = 'many' in args ? args.many.named : [args.target];
  const outside = targets.find(({ kind }) => kind !== 'name' && kind !== 'selector' && kind !== 'node');
  if (outside !== undefined)
    throw usageError(
      `in-cluster looks at pods and nodes: a target of the kind ${outside.kind} is on this machine`,
    );
  const all = { usesNodes: usesNodes || args.watch === 'deep' };
  return 'many' in args
    ? { ...all, kind: 'many', many: args.many }
    : { ...all, kind: 'one', target: args.target };
}

/** @param isOne one target cannot be divided */
export function jobOf(values: Values, isOne: boolean): JobFlags {
  const range = { least: 1, most: 1000, whole: true };
  const parts = values.number(shards, range);
  return withoutUndefined({
    shards: isOne ? 1 : parts,
    parallelism: values.optionalNumber(parallelism, range),
    deadlineMs: values.duration(deadline, 1000),
    ttlMs: values.duration(ttl, 1000),
    serviceAccount: accountOf(values),
    image: values.image(jobImage),
    nodeSelector: Object.fromEntries(values.list(nodeSelector).map(nodeLabelOf)),
    tolerations: values.list(toleration).map(tolerationOf),
    requests: amountsOf(requests, values),
    limits: amountsOf(limits, values),
    manifest: values.isOn(manifest),
    schedule: scheduleOf(values),
  });
}

function accountOf(values: Values): string | undefined {
  const name = values.text(serviceAccount);
  if (name === undefined || isObjectName(name)) return name;
  throw usageError(`--service-account must be the name of a ServiceAccount, not "${name}"`);
}

function scheduleOf(values: Values): string | undefined {
  const text = values.text(schedule);
  if (text === undefined || isSchedule(text)) return text;
  throw usageError(
    `--schedule must be five fields of a cron table, such as "*/15 * * * *", or a word such as @daily, not "${text}"`,
  );
}

function nodeLabelOf(text: string): [string, string] {
  const [key, value] = pairOf(nodeSelector, text);
  if (isLabelKey(key) && isLabelValue(value)) return [key, value];
  throw usageError(`--node-selector must be a label such as kubernetes.io/os=linux, not "${text}"`);
}

function pairOf(flag: Flag, text: string): [string, string] {
  const [, key, value] = /^([^=,\s]+)=([^=,\s]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw usageError(`--${flag.name} must be KEY=VALUE, not "${text}"`);
  return [key, value];
}

/** As the API server takes a quantity: the rest is for it to judge. */
const QUANTITY = /^\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

function amountsOf(flag: TextFlag, values: Values): Amounts {
  const text = values.text(flag) ?? '';
  const pairs = text.split(',').map((part) => pairOf(flag, part));
  const wrong = pairs.find(([key, value]) => !isLabelKey(key) || !QUANTITY.test(value));
  if (wrong !== undefined)
    throw usageError(`--${flag.name} must be amounts such as cpu=500m,memory=1Gi, not "${text}"`);
  return Object.fromEntries(pairs);
}

function tolerationOf(text: string): Toleration {
  const [, key, value, effect] =
    /^([^=:\s]+)(?:=([^:\s]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(text) ?? [];
  if (key === undefined || !isLabelKey(key) || !isLabelValue(value ?? ''))
    throw usageError(
      `--toleration must be KEY[=VALUE][:EFFECT], such as dedicated=infra:NoSchedule, not "${text}"`,
    );
  return {
    key,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect === undefined ? {} : { effect }),
  };
}

/** The command line that means the same in a pod, where there is no configuration file and no variable. */
function lineOf({ name }: Command, flags: readonly Flag[], values: Values, isManifest: boolean): string[] {
  const own = flags.filter(
    // Nobody merges what a manifest's pods say: they push it themselves.
    (flag) => !NOT_PASSED_ON.has(flag.name) || (isManifest && flag.name === 'push'),
  );
  return [name, ...values.words, ...own.flatMap((flag) => spelled(flag, values))];
}

/** A flag as it was given, or set. */
export function spelled(flag: Flag, values: Values): string[] {
  switch (flag.kind) {
    case 'text': {
      const text = values.origin(flag) === undefined ? undefined : values.text(flag);
      return text === undefined ? [] : [`--${flag.name}=${text}`];
    }
    case 'list':
      return values.list(flag).map((text) => `--${flag.name}=${text}`);
    case 'switch': {
      const isOn = values.switch(flag);
      return isOn === undefined ? [] : [isOn ? `--${flag.name}` : `--${flag.name}=false`];
    }
    case 'count':
      return [];
  }
}
