import type { FailOn } from '../../model/args.ts';
import type { ListFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import type { WatchArgs } from '../../model/watch-args.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags } from '../flags/connection.ts';
import { listenAddress, metrics, push, pushTarget } from '../flags/exposition.ts';
import { aboutOf } from '../flags/many.ts';
import { requiredTarget, selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';
import { thresholdValues } from '../flags/thresholds.ts';

const to: ListFlag = {
  name: 'to',
  kind: 'list',
  splits: true,
  value: 'DEST',
  describe:
    'Watch HOST[:PORT], a URL, pod/NAME[:PORT] or svc/NAME[:PORT]; repeat the flag, or separate several with commas; /udp after port 53 or 123',
  completes: 'destination',
};
const length = {
  name: 'for',
  kind: 'text',
  value: 'DURATION',
  default: '1h',
  describe: 'End after this long; Ctrl-C ends it sooner',
} as const satisfies TextFlag;
const interval = {
  name: 'interval',
  kind: 'text',
  value: 'DURATION',
  default: '1s',
  describe: 'Probe each destination so often, from 100ms on',
} as const satisfies TextFlag;
const away = {
  name: 'away',
  kind: 'text',
  value: 'DURATION',
  default: '10m',
  describe: 'Go on for so long without this client, when its connection is lost',
} as const satisfies TextFlag;
const output = {
  name: 'output',
  short: 'o',
  kind: 'text',
  value: 'FORMAT',
  choices: ['table', 'json', 'yaml', 'junit', 'markdown', 'html', 'openmetrics'],
  default: 'table',
  describe: 'Format on stdout at the end: table, json, yaml, junit, markdown, html or openmetrics',
} as const satisfies TextFlag;
const failOn = {
  name: 'fail-on',
  kind: 'text',
  value: 'SEVERITY',
  choices: ['critical', 'warning', 'info'],
  default: 'warning',
  describe:
    'Exit with 1 on an outage of this severity or above: critical, warning (a single lost probe) or info',
} as const satisfies TextFlag;
const save: TextFlag = {
  name: 'save',
  kind: 'text',
  value: 'DIR',
  describe: 'Folder for bundles and packets; default: a new one, made with the first outage',
  completes: 'file',
};

/** Of a shorter one the probes themselves would be a load. */
const LEAST_INTERVAL_MS = 100;
/** The far side's counters and the steps of a document are made for no more than this, in ms: a week. */
const LONGEST_MS = 7 * 24 * 3_600_000;

export const watch = defineCommand<WatchArgs>({
  name: 'watch',
  summary: 'Watch destinations for hours, and catch a fault that comes and goes',
  details: `A small program in the session sends one cheap probe for each destination and interval: a connection to a TCP port, a query to
a DNS or NTP server, an echo request where DEST has no port. It keeps the headers of the last packets. With the first probe
that is missed it notes what the kernel knows, and a diagnosis is made at once; both, and the packets, are saved. A lost
connection does not end it. Exit code 0: every probe was answered; 1: there was an outage; 3: it could not be measured.`,
  synopsis: 'TARGET --to DEST…',
  examples: [
    {
      comment: 'The database, as web-0 sees it, for two hours',
      line: 'watch web-0 --to svc/db:5432 --for 2h',
    },
    {
      comment: 'A name, its name server and a host, as JSON',
      line: 'watch deploy/web --to api.example.com:443 --to 10.96.0.10:53/udp --for 30m -o json',
    },
  ],
  flags: [to, length, interval, away, output, failOn, save, metrics, push, ...selectorFlags, ...sessionFlags],
  takesTarget: true,
  toArgs: (values) => {
    const target = requiredTarget('watch', values);
    const asked = values.list(to);
    if (asked.length === 0) throw usageError('watch needs --to DEST');
    const forMs = values.duration(length, 1000);
    if (forMs > LONGEST_MS) throw usageError('--for is at most 168h, a week');
    const intervalMs = values.duration(interval, LEAST_INTERVAL_MS);
    // A single probe is no watch, and would pass.
    if (intervalMs > forMs) throw usageError('--interval has to be shorter than --for');
    const file = values.text(save);
    if (file === undefined && values.origin(save) !== undefined) throw usageError('--save is empty');
    return withoutUndefined({
      connection: connectionFlags(values),
      target,
      session: sessionValues(values, [target]),
      to: asked,
      thresholds: thresholdValues(values),
      forMs,
      intervalMs,
      awayMs: values.duration(away, 1000),
      output: values.choice<WatchArgs['output']>(output),
      failOn: values.choice<FailOn>(failOn),
      save: file,
      metrics: listenAddress(values),
      push: pushTarget('watch', aboutOf(values), values),
    });
  },
  load: async () => (await import('../../commands/watch.ts')).run,
});
