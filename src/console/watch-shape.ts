/** Whether a document is a watch with all that is printed of it: a file may come from anywhere. */
import type { Watch } from '../model/watch.ts';

type Is = (value: unknown) => boolean;

const text: Is = (value) => typeof value === 'string';
const flag: Is = (value) => typeof value === 'boolean';
const number: Is = (value) => typeof value === 'number';
const time: Is = (value) => typeof value === 'string' && Number.isFinite(Date.parse(value));

function oneOf(...words: readonly string[]): Is {
  return (value) => typeof value === 'string' && words.includes(value);
}

function listOf(is: Is): Is {
  return (value) => Array.isArray(value) && value.every(is);
}

/** Values by any name. */
function valuesOf(is: Is): Is {
  return (value) => typeof value === 'object' && value !== null && Object.values(value).every(is);
}

/** @param may what may be absent */
function shape(must: Readonly<Record<string, Is>>, may: Readonly<Record<string, Is>> = {}): Is {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const own = value as Readonly<Record<string, unknown>>;
    return (
      Object.entries(must).every(([key, is]) => is(own[key])) &&
      Object.entries(may).every(([key, is]) => own[key] === undefined || is(own[key]))
    );
  };
}

const verdict = oneOf('pass', 'warn', 'fail', 'unknown');
const finding = shape(
  {
    id: text,
    severity: oneOf('critical', 'warning', 'info'),
    title: text,
    summary: text,
    evidence: listOf(shape({ command: listOf(text), excerpt: text })),
    remediation: text,
  },
  { subject: text, causedBy: text },
);
const evidence = shape(
  { reason: text, error: text, address: text, tries: number, counters: valuesOf(number) },
  {
    icmp: shape({ sender: text, type: number, code: number }),
    route: shape({}, { device: text, gateway: text, source: text, error: text, type: text }),
    neighbour: shape({ address: text, state: text }, { mac: text }),
    link: shape({ up: flag, carrier: flag }),
    dns: shape({ server: text, name: text, answer: text }, { before: shape({ server: text, answer: text }) }),
    conntrack: shape({ count: number, max: number }),
    seen: shape({ out: number, in: number, arp: number }, { before: flag }),
  },
);
const destination = shape(
  {
    destination: text,
    host: text,
    probe: oneOf('tcp', 'dns', 'ntp', 'icmp'),
    sent: number,
    missed: number,
    histogram: listOf(shape({ le: number, count: number })),
    rttSum: number,
    series: listOf(shape({ sent: number, missed: number }, { min: number, median: number, max: number })),
  },
  {
    port: number,
    service: text,
    rtt: shape({ min: number, p50: number, p90: number, p99: number, max: number }),
    unmeasured: text,
    unsent: number,
    slowNames: listOf(
      shape(
        { server: text, answer: text, by: text, from: time, findings: listOf(finding) },
        { to: time, count: number },
      ),
    ),
  },
);
const outage = shape(
  { number, destination: text, from: time, durationMs: number, missed: number, evidence },
  {
    lastAnswer: time,
    to: time,
    late: number,
    noEndpointsAt: time,
    diagnosis: shape(
      { at: time, verdict, findings: listOf(finding), late: flag },
      { bundle: text, failed: text },
    ),
    pcap: text,
    packets: number,
  },
);
const event = shape(
  {
    at: time,
    type: oneOf('miss', 'recovery', 'slow', 'cluster', 'connection', 'lost', 'diagnosis', 'end'),
    text,
  },
  { destination: text, outage: number },
);
const whole = shape(
  {
    apiVersion: oneOf('nettools/v1'),
    kind: oneOf('Watch'),
    tool: shape({ version: text }),
    target: shape(
      { kind: oneOf('pod', 'node', 'docker', 'netns', 'pid', 'local'), name: text, address: text },
      { namespace: text, node: text, via: oneOf('node'), netns: text, owner: text, zone: text },
    ),
    startedAt: time,
    durationMs: number,
    intervalMs: number,
    ended: oneOf('over', 'asked', 'lost'),
    stepMs: number,
    destinations: listOf(destination),
    outages: listOf(outage),
    gaps: listOf(shape({ from: time, to: time, reason: oneOf('restarted', 'overwritten', 'lost') })),
    events: listOf(event),
  },
  { folder: text, connection: valuesOf((one) => text(one) || flag(one) || listOf(text)(one)) },
);

export function isWatch(value: unknown): value is Watch {
  return whole(value);
}
