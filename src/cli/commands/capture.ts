import type { CaptureArgs, CaptureDestination } from '../../model/args.ts';
import type { SwitchFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineCommand } from '../command.ts';
import { connectionFlags, exclusive } from '../flags/connection.ts';
import { selectorFlags, sessionFlags, sessionValues, targetsWithWords } from '../flags/target.ts';
import { parseSize } from '../size.ts';
import type { Values } from '../values.ts';

const write: TextFlag = {
  name: 'write',
  short: 'w',
  kind: 'text',
  value: 'FILE',
  describe: 'File to write, or - for stdout; default: a new file named after TARGET and the time',
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
give one pcapng file with an interface for each, sorted by time. Only counts are printed: packets may hold what nobody
should read over your shoulder.`,
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
    ...sessionFlags,
  ],
  takesTarget: true,
  takesMore: true,
  takesRest: true,
  toArgs: (values) => {
    const { targets, words } = targetsWithWords('capture', values);
    return {
      connection: connectionFlags(values),
      targets,
      session: sessionValues(values, targets),
      capture: withoutUndefined({
        interface: values.text(networkInterface) ?? networkInterface.default,
        snapLength: values.optionalNumber(snapLength, { least: 1, most: longestSnapshot, whole: true }),
        maxPackets: values.optionalNumber(maxPackets, { least: 1, most: 2 ** 31 - 1, whole: true }),
        filter: words,
      }),
      destination: destinationOf(values),
      ...withoutUndefined({
        durationMs: values.optionalDuration(duration, 1),
        maxBytes: sizeOf(values),
      }),
    };
  },
  load: async () => (await import('../../commands/capture.ts')).run,
});

function destinationOf(values: Values): CaptureDestination {
  const path = values.text(write);
  if (values.isOn(wireshark)) {
    if (path !== undefined) throw exclusive('-w FILE', '--wireshark');
    return { kind: 'wireshark' };
  }
  if (path === '-') return { kind: 'stdout' };
  return path === undefined ? { kind: 'file' } : { kind: 'file', path };
}

function sizeOf(values: Values): number | undefined {
  const text = values.text(maxBytes);
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw usageError(`--max-bytes must be a size such as 500k, 10M or 1Gi, not "${text}"`);
}
