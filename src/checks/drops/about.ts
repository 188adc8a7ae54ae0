/** `drops` on the command line. */
import type { TextFlag } from '../../model/flag.ts';
import type { FlagValues } from '../../model/flag-values.ts';
import { usageError } from '../../model/usage-error.ts';
import { defineAbout } from '../shared/about.ts';

const duration = {
  name: 'for',
  kind: 'text',
  value: 'DURATION',
  default: '30s',
  describe: 'How long to watch, up to 1h',
} as const satisfies TextFlag;

/** The watcher's own limit (image/drops/main.c). */
const LONGEST_MS = 3_600_000;

function durationMs(values: FlagValues): number {
  const ms = values.duration(duration, 1000);
  if (ms > LONGEST_MS) throw usageError('--for must be at most 1h');
  return ms;
}

export interface DropsOptions {
  readonly durationMs: number;
}

export default defineAbout({
  id: 'drops',
  diagnosis: { after: ['path'] },
  thresholds: {},
  command: {
    place: 125,
    summary: 'See which packets the kernel drops, where and why',
    details: `Watches for a while with a small BPF program. On a node or this machine it watches all network namespaces, of a pod its
own. With --to only flows with that DEST count, and of a pod also what its node drops of them. On a terminal it shows what it sees; Ctrl-C
ends it with the report. It changes nothing and adds nothing to a pod: it
runs in a pod on the node, which gets the capabilities BPF and PERFMON for it.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      { comment: 'What a node drops, of whomever', line: 'drops node/node1' },
      {
        comment: 'Why nothing of what a pod sends to the Service db arrives; try it meanwhile',
        line: 'drops web-0 --to svc/db:5432 --for 1m',
      },
    ],
    destinations: 'may',
    flags: [duration],
    options: (values): DropsOptions => ({ durationMs: durationMs(values) }),
    measuringMs: (options) => options.durationMs,
    watchesKernel: true,
  },
});
