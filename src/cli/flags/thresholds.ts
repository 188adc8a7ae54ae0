import type { Thresholds } from '../../model/args.ts';
import type { NumberRange, SettingFlag } from '../flag.ts';
import type { Values } from '../values.ts';

// Limits that no authority outside the project gives: whoever knows his network better sets them.

const share: NumberRange = { least: 0, most: 100, whole: false };

const rttFactor = {
  name: 'rtt-factor',
  kind: 'text',
  value: 'N',
  default: '3',
  describe: 'Call the RTT high when its p95 is above N times the baseline',
  setting: { key: 'thresholds.rttFactor', type: { least: 1, most: 1000, whole: false } },
} as const satisfies SettingFlag;
const rttFloor = {
  name: 'rtt-floor',
  kind: 'text',
  value: 'DURATION',
  default: '10ms',
  describe: 'Never call an RTT high whose p95 is at or below this',
  setting: { key: 'thresholds.rttFloor', type: 'duration' },
} as const satisfies SettingFlag;
const lossWarning = {
  name: 'loss-warning',
  kind: 'text',
  value: 'PERCENT',
  default: '1',
  describe: 'Warn from this share of lost probes on',
  setting: { key: 'thresholds.lossWarning', type: share },
} as const satisfies SettingFlag;
const lossCritical = {
  name: 'loss-critical',
  kind: 'text',
  value: 'PERCENT',
  default: '5',
  describe: 'Call the loss critical from this share of lost probes on',
  setting: { key: 'thresholds.lossCritical', type: share },
} as const satisfies SettingFlag;
const retransmitWarning = {
  name: 'retransmit-warning',
  kind: 'text',
  value: 'PERCENT',
  default: '1',
  describe: 'Warn above this share of data segments sent again',
  setting: { key: 'thresholds.retransmitWarning', type: share },
} as const satisfies SettingFlag;
const retransmitCritical = {
  name: 'retransmit-critical',
  kind: 'text',
  value: 'PERCENT',
  default: '5',
  describe: 'Call retransmits critical above this share of data segments',
  setting: { key: 'thresholds.retransmitCritical', type: share },
} as const satisfies SettingFlag;
const bufferbloatFactor = {
  name: 'bufferbloat-factor',
  kind: 'text',
  value: 'N',
  default: '5',
  describe: "Tell of a queue when a connection's rtt is N times its minimum or more",
  setting: { key: 'thresholds.bufferbloatFactor', type: { least: 1, most: 1000, whole: false } },
} as const satisfies SettingFlag;
const slowServer = {
  name: 'slow-server',
  kind: 'text',
  value: 'DURATION',
  default: '1s',
  describe: 'Call a server slow when the first byte of its answer takes this long or longer',
  setting: { key: 'thresholds.slowServer', type: 'duration' },
} as const satisfies SettingFlag;
const portShare = {
  name: 'port-share',
  kind: 'text',
  value: 'PERCENT',
  default: '80',
  describe: 'Call the ephemeral ports nearly gone from this share of them on',
  setting: { key: 'thresholds.portShare', type: { least: 1, most: 100, whole: false } },
} as const satisfies SettingFlag;
const tableShare = {
  name: 'table-share',
  kind: 'text',
  value: 'PERCENT',
  default: '80',
  describe: "Call the node's neighbour table nearly full above this share of its limit",
  setting: { key: 'thresholds.tableShare', type: { least: 1, most: 100, whole: false } },
} as const satisfies SettingFlag;
const conntrackCritical = {
  name: 'conntrack-critical',
  kind: 'text',
  value: 'PERCENT',
  default: '95',
  describe: 'Call a connection table critical that is filled above this share of its limit',
  setting: { key: 'thresholds.conntrackCritical', type: { least: 1, most: 100, whole: false } },
} as const satisfies SettingFlag;
const throughputShare = {
  name: 'throughput-share',
  kind: 'text',
  value: 'PERCENT',
  default: '50',
  describe: 'Call the throughput low below this share of the expected rate',
  setting: { key: 'thresholds.throughputShare', type: { least: 1, most: 100, whole: false } },
} as const satisfies SettingFlag;
const expireDays = {
  name: 'expire-days',
  kind: 'text',
  value: 'N',
  default: '14',
  describe: 'Tell of certificates that expire within N days',
  setting: { key: 'thresholds.expireDays', type: { least: 0, most: 3650, whole: true } },
} as const satisfies SettingFlag;

/** The flags of one check. */
export const latencyThresholds: readonly SettingFlag[] = [
  rttFactor,
  rttFloor,
  lossWarning,
  lossCritical,
  retransmitWarning,
  retransmitCritical,
  bufferbloatFactor,
  slowServer,
];
export const arpThresholds: readonly SettingFlag[] = [tableShare];
export const socketsThresholds: readonly SettingFlag[] = [portShare];
export const conntrackThresholds: readonly SettingFlag[] = [conntrackCritical];
export const throughputThresholds: readonly SettingFlag[] = [throughputShare];
export const tlsThresholds: readonly SettingFlag[] = [expireDays];

/** The flags of the checks that a diagnosis consists of. */
export const diagnosisThresholds: readonly SettingFlag[] = [
  ...latencyThresholds,
  ...arpThresholds,
  ...socketsThresholds,
  ...conntrackThresholds,
  ...tlsThresholds,
];

/** All limits, whichever of the flags the command has: the others may be set elsewhere. */
export function thresholdValues(values: Values): Thresholds {
  const number = (flag: SettingFlag & { setting: { type: NumberRange } }) =>
    values.number(flag, flag.setting.type);
  const fraction = (flag: SettingFlag & { setting: { type: NumberRange } }) => number(flag) / 100;
  return {
    rttFactor: number(rttFactor),
    rttFloorMs: values.duration(rttFloor),
    lossWarning: fraction(lossWarning),
    lossCritical: fraction(lossCritical),
    retransmitWarning: fraction(retransmitWarning),
    retransmitCritical: fraction(retransmitCritical),
    bufferbloatFactor: number(bufferbloatFactor),
    slowServerMs: values.duration(slowServer),
    portShare: fraction(portShare),
    tableShare: fraction(tableShare),
    conntrackCritical: fraction(conntrackCritical),
    throughputShare: fraction(throughputShare),
    expireDays: number(expireDays),
  };
}
