/** `in-cluster watch`: the objects that watch in the cluster, and serve metrics there. */
import type { InClusterWatchArgs } from '../../model/job-args.ts';
import { usageError } from '../../model/usage-error.ts';
import type { WatchArgs } from '../../model/watch-args.ts';
import { defineCommand } from '../command.ts';
import { jobFlags, jobOf, refusePassword, spelled } from './in-cluster.ts';
import { watch } from './watch.ts';

/** It has no shards and no end. */
const NOT_OF_WATCHES: ReadonlySet<string> = new Set(['shards', 'parallelism', 'deadline', 'ttl', 'schedule']);
/** Said by the manifest: where it listens, and what it writes where its file system can be written. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(['metrics', 'save']);
/** Where nobody says another. */
const PORT = 9464;
/** The longest that a watch takes: then the Deployment begins it again. */
const LENGTH = '168h';

const own = watch.flags.filter(({ name }) => name !== 'save');

export const inClusterWatch = defineCommand<InClusterWatchArgs>({
  name: 'in-cluster watch',
  summary: 'Print what watches destinations in the cluster and serves metrics there: a Deployment',
  details: `The objects are for kubectl apply: a ServiceAccount with the rights that this watch takes and no others, and a Deployment of one
pod, which serves metrics at its own address, port 9464 or that of --metrics. Nothing is created.`,
  synopsis: 'TARGET --to DEST… --manifest',
  examples: [
    {
      comment: 'The database, as the pods of web see it, for Prometheus',
      line: 'in-cluster watch deploy/web --to svc/db:5432 --manifest',
    },
  ],
  flags: [...own, ...jobFlags.filter(({ name }) => !NOT_OF_WATCHES.has(name))],
  takesTarget: true,
  toArgs: (values) => {
    const args = watch.prepare(values).args as WatchArgs;
    const { kind } = args.target;
    if (kind !== 'name' && kind !== 'selector' && kind !== 'node')
      throw usageError(`in-cluster looks at pods and nodes: a target of the kind ${kind} is on this machine`);
    const job = jobOf(values, true);
    if (!job.manifest)
      throw usageError(
        'in-cluster watch prints the objects of a Deployment: add --manifest',
        'From here, watch does the same at once.',
      );
    refusePassword(args.push);
    const flags = own.filter(({ name }) => !NOT_PASSED_ON.has(name));
    const given = flags.flatMap((flag) => spelled(flag, values));
    return {
      watch: args,
      job,
      port: args.metrics?.port || PORT,
      line: [
        'watch',
        ...values.words,
        ...given,
        ...(given.some((word) => word.startsWith('--for=')) ? [] : [`--for=${LENGTH}`]),
        '--save=/tmp/watch',
      ],
    };
  },
  load: async () => (await import('../../commands/in-cluster-watch.ts')).printWatchManifest,
});
