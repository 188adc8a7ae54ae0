import type { CaptureArgs, CaptureDestination, TargetChoice } from '../../model/args.ts';
import type { SwitchFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags, exclusive } from '../flags/connection.ts';
import { manyFlags, targetChoice, targetsIn } from '../flags/many.ts';
import { selectorFlags, sessionFlags, sessionValues } from '../flags/target.ts';
import { parseSize } from '../size.ts';
import type { Values } from '../values.ts';

const write: TextFlag = {
  name: 'write',
  short: 'w',
  kind: 'text',
  value: 'FILE',
  describe:
    'File to write, DIR/ for a file for each TARGET, or - for stdout; default: a new file named after TARGET and the time',
  completes: 'file',
};
const wireshark: SwitchFlag = {
  name: 'wireshark',
  kind: 'switch',
  describe: 'Show the packets live in the Wireshark of this machine',
};
const networkInterface = {
  name: 'interface',
  short: 'i',
  kind: 'text',
  value: 'NAME',
  default: 'any',
  describe: 'Interface to capture on',
} as const satisfies TextFlag;
const snapLength: TextFlag = {
  name: 'snaplen',
  short: 's',
  kind: 'text',
  value: 'BYTES',
  describe: 'Keep only this many bytes of each packet; 96 is enough for headers',
};
const duration: TextFlag = {
  name: 'duration',
  kind: 'text',
  value: 'DURATION',
  describe: 'Stop after this long',
};
const maxBytes: TextFlag = {
  name: 'max-bytes',
  kind: 'text',
  value: 'SIZE',
  describe: 'Stop before the file exceeds this size, for example 10M or 1Gi',
};
const maxPackets: TextFlag = {
  name: 'max-packets',
  kind: 'text',
  value: 'N',
  describe: 'Stop after this many packets',
};

/** tcpdump's own limit. */
const longestSnapshot = 262_144;

export const capture = defineCommand<CaptureArgs>({
  name: 'capture',
  summary: "Capture a target's packets into a file, a pipe or Wireshark",
  details: `FILTER uses tcpdump's syntax. Ctrl-C ends the capture and leaves a complete file. Several TARGETs, followed by --,
give one pcapng file with an interface for each, sorted by time. With --all, -A, --all-nodes or -w DIR/ each TARGET has a file
of its own, and one that cannot be captured at fails alone; with -w FILE all are in one file. --duration counts from when all
capture. Only counts are printed: packets may hold what nobody should read over your shoulder.`,
  synopsis: 'TARGET [FILTER…] | TARGET… -- [FILTER…]',
  examples: [
    {
      comment: 'What goes to and from port 5432 of the pod web-0',
      line: 'capture web-0 port 5432 -w db.pcap',
    },
    { comment: 'Live in Wireshark', line: 'capture deploy/web --wireshark' },
    {
      comment: 'As text, with the tcpdump of this machine',
      line: 'capture web-0 icmp -w - | tcpdump -n -r -',
    },
    {
      comment: 'Every pod of a Deployment, a file for each',
      line: 'capture deploy/web --all -w web/ --duration 1m port 53',
    },
    {
      comment: 'Both ends of a connection in one file, for a minute',
      line: 'capture web-0 db-0 --duration 1m -- tcp port 5432',
    },
  ],
  flags: [
    write,
    wireshark,
    networkInterface,
    snapLength,
    duration,
    maxBytes,
    maxPackets,
    ...selectorFlags,
    ...manyFlags,
    ...sessionFlags,
  ],
  takesTarget: true,
  takesMore: true,
  takesRest: true,
  toArgs: (values) => {
    const { rest } = values;
    const { choice, names } = targetChoice('capture', values, { takesNames: rest === undefined });
    return {
      connection: connectionFlags(values),
      ...choice,
      session: sessionValues(values, targetsIn(choice)),
      capture: withoutUndefined({
        interface: values.text(networkInterface) ?? networkInterface.default,
        snapLength: values.optionalNumber(snapLength, { least: 1, most: longestSnapshot, whole: true }),
        maxPackets: values.optionalNumber(maxPackets, { least: 1, most: 2 ** 31 - 1, whole: true }),
        filter: rest ?? names,
      }),
      destination: destinationOf(values, choice),
      ...withoutUndefined({
        durationMs: values.optionalDuration(duration, 1),
        maxBytes: sizeOf(values),
      }),
    };
  },
  load: async () => (await import('../../commands/capture.ts')).run,
});

function destinationOf(values: Values, choice: TargetChoice): CaptureDestination {
  const path = values.text(write);
  if (path === undefined && values.origin(write) !== undefined) throw usageError('--write is empty');
  if (values.isOn(wireshark)) {
    if (path !== undefined) throw exclusive('-w FILE', '--wireshark');
    return { kind: 'wireshark' };
  }
  if (path === '-') return { kind: 'stdout' };
  if (path?.endsWith('/') === true) return { kind: 'folder', path };
  if (path !== undefined) return { kind: 'file', path };
  // Named one by one, they are in one file: the ends of a connection.
  return 'many' in choice && (choice.many.every || choice.many.nodes)
    ? { kind: 'folder', path: '.' }
    : { kind: 'file' };
}

function sizeOf(values: Values): number | undefined {
  const text = values.text(maxBytes);
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw usageError(`--max-bytes must be a size such as 500k, 10M or 1Gi, not "${text}"`);
}
