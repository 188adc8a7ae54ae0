/** `in-cluster test`: the objects that test a file of expectations in the cluster. */
import type { InClusterTestArgs } from '../../model/job-args.ts';
import type { TestArgs } from '../../model/test-args.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineCommand } from '../command.ts';
import { jobFlags, jobOf, refusePassword, spelled } from './in-cluster.ts';
import { test } from './test.ts';

/** One pod tests all of it, so that each source is opened once. */
const NOT_OF_TESTS: ReadonlySet<string> = new Set(['shards', 'parallelism']);
/** Named by the paths that they have in the pod; and what prints a plan. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['filename', 'plan']);

const own = test.flags.filter(({ name }) => name !== 'plan');

export const inClusterTest = defineCommand<InClusterTestArgs>({
  name: 'in-cluster test',
  summary: 'Print what tests a file of expectations in the cluster: a Job, or by --schedule a CronJob',
  details: `The objects are for kubectl apply: the files as a ConfigMap, a ServiceAccount with the rights that these files take and no
others, and a Job whose exit code is that of the test. Nothing is created. "test -f FILE" tests them from here, now.`,
  synopsis: '-f FILE --manifest',
  examples: [
    {
      comment: 'Every hour',
      line: 'in-cluster test -f shop.yaml --manifest --schedule @hourly',
    },
  ],
  flags: [...own, ...jobFlags.filter(({ name }) => !NOT_OF_TESTS.has(name))],
  takesTarget: false,
  toArgs: (values) => {
    const args = test.prepare(values).args as TestArgs;
    const job = jobOf(values, true);
    if (!job.manifest)
      throw usageError(
        'in-cluster test prints the objects of a Job: add --manifest',
        'From here, test -f FILE does the same at once.',
      );
    refusePassword(args.push);
    const flags = own.filter(({ name }) => !NOT_PASSED_ON.has(name));
    return { test: args, job, line: ['test', ...flags.flatMap((flag) => spelled(flag, values))] };
  },
  load: async () => (await import('../../commands/in-cluster-test.ts')).printTestManifest,
});
