/**
 * Which finding explains which: the report leads with causes, and lists what follows from them under them. Pure.
 *
 * A rule knows its own evidence only; here is what is known of networks as a whole: without a link there is no
 * neighbour, without a neighbour no route works, and so on up.
 */
import type { Finding } from '../model/report.ts';

interface CauseRule {
  /** A finding's ID. */
  readonly cause: string;
  /** IDs, or classes (`NT-DNS`), that follow from it. */
  readonly effects: readonly string[];
  /** `target`: whatever the target sends suffers. `subject`: only what is about the same destination. */
  readonly reach: 'target' | 'subject';
}

/** What suffers when packets to anywhere get lost before they leave. */
const ALL_TRAFFIC = [
  'NT-LAT',
  'NT-DNS-001',
  'NT-DNS-007',
  'NT-DNS-009',
  'NT-DNS-011',
  'NT-DNS-012',
  'NT-FW',
  'NT-PATH',
  'NT-SVC-003',
  'NT-SVC-007',
  'NT-MTU',
  'NT-TLS',
  'NT-PERF',
] as const;

/** What one connection that gets lost looks like from its source. */
const LOST = [
  'NT-FW-001',
  'NT-FW-003',
  'NT-FW-004',
  'NT-FW-009',
  'NT-LAT',
  'NT-SVC-003',
  'NT-SVC-007',
  'NT-TLS',
] as const;

/** Deepest cause first: the first row that holds for an effect names its cause. */
const CAUSES: readonly CauseRule[] = [
  { cause: 'NT-DKR-001', effects: [...ALL_TRAFFIC, 'NT-ARP', 'NT-RT', 'NT-IF', 'NT-SOCK'], reach: 'target' },
  { cause: 'NT-DKR-002', effects: ['NT-RT-001'], reach: 'target' },
  ...['NT-DKR-003', 'NT-DKR-004', 'NT-DKR-005', 'NT-DKR-006'].map(
    (cause): CauseRule => ({ cause, effects: ALL_TRAFFIC, reach: 'subject' }),
  ),
  ...['NT-DKR-011', 'NT-DKR-009', 'NT-DKR-012'].map(
    (cause, i): CauseRule => ({
      cause,
      effects: [...ALL_TRAFFIC, 'NT-DKR-013', ...(i === 0 ? [] : ['NT-DKR-008', 'NT-DKR-014'])],
      reach: 'target',
    }),
  ),
  { cause: 'NT-DKR-016', effects: [...ALL_TRAFFIC, 'NT-ARP-002'], reach: 'subject' },
  ...['NT-DKR-010', 'NT-DKR-013'].map(
    (cause): CauseRule => ({ cause, effects: ALL_TRAFFIC, reach: 'subject' }),
  ),
  { cause: 'NT-IF-001', effects: [...ALL_TRAFFIC, 'NT-ARP', 'NT-RT'], reach: 'target' },
  { cause: 'NT-ARP-004', effects: ['NT-ARP-001', 'NT-ARP-002', ...ALL_TRAFFIC], reach: 'target' },
  { cause: 'NT-ARP-003', effects: ['NT-ARP-001', 'NT-ARP-002', ...ALL_TRAFFIC], reach: 'target' },
  { cause: 'NT-ARP-001', effects: [...ALL_TRAFFIC, 'NT-RT-003', 'NT-RT-007'], reach: 'target' },
  { cause: 'NT-RT-001', effects: ALL_TRAFFIC, reach: 'target' },
  { cause: 'NT-RT-004', effects: ALL_TRAFFIC, reach: 'target' },
  { cause: 'NT-RT-003', effects: ALL_TRAFFIC, reach: 'target' },
  { cause: 'NT-ARP-002', effects: ALL_TRAFFIC, reach: 'subject' },
  { cause: 'NT-RT-002', effects: ALL_TRAFFIC, reach: 'subject' },
  { cause: 'NT-RT-005', effects: ALL_TRAFFIC, reach: 'subject' },
  { cause: 'NT-RT-007', effects: ALL_TRAFFIC, reach: 'subject' },
  {
    cause: 'NT-SVC-001',
    effects: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SOCK-001', 'NT-TLS'],
    reach: 'subject',
  },
  {
    cause: 'NT-SVC-002',
    effects: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'],
    reach: 'subject',
  },
  {
    cause: 'NT-SVC-010',
    effects: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'],
    reach: 'subject',
  },
  {
    cause: 'NT-SVC-009',
    effects: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-TLS'],
    reach: 'subject',
  },
  {
    cause: 'NT-FW-005',
    effects: [
      'NT-PATH',
      'NT-FW-001',
      'NT-FW-002',
      'NT-FW-003',
      'NT-FW-004',
      'NT-FW-009',
      'NT-LAT',
      'NT-DNS-001',
      'NT-SVC-003',
      'NT-SVC-007',
      'NT-TLS',
    ],
    reach: 'subject',
  },
  {
    cause: 'NT-PROXY-001',
    effects: ['NT-PATH', 'NT-FW', 'NT-LAT', 'NT-HTTP', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'],
    reach: 'subject',
  },
  {
    cause: 'NT-FW-002',
    effects: [
      'NT-PATH',
      'NT-LAT',
      'NT-DNS-001',
      'NT-FW-001',
      'NT-FW-003',
      'NT-FW-004',
      'NT-SVC-003',
      'NT-SVC-007',
      'NT-TLS',
    ],
    reach: 'subject',
  },
  {
    cause: 'NT-FW-006',
    effects: [
      'NT-PATH',
      'NT-FW-001',
      'NT-FW-003',
      'NT-FW-004',
      'NT-FW-009',
      'NT-LAT',
      'NT-SVC-003',
      'NT-SVC-007',
      'NT-TLS',
    ],
    reach: 'subject',
  },
  ...['NT-PATH-001', 'NT-PATH-002', 'NT-PATH-003', 'NT-PATH-004', 'NT-PATH-005', 'NT-PATH-006'].map(
    (cause): CauseRule => ({ cause, effects: LOST, reach: 'subject' }),
  ),
  { cause: 'NT-FW-001', effects: ['NT-LAT', 'NT-TLS'], reach: 'subject' },
  { cause: 'NT-FW-003', effects: ['NT-LAT', 'NT-TLS'], reach: 'subject' },
  { cause: 'NT-FW-004', effects: ['NT-LAT', 'NT-TLS'], reach: 'subject' },
  { cause: 'NT-SOCK-001', effects: ['NT-FW', 'NT-LAT', 'NT-SVC-007', 'NT-TLS'], reach: 'subject' },
  { cause: 'NT-SOCK-002', effects: ['NT-SOCK-001', 'NT-FW', 'NT-LAT', 'NT-SVC-007'], reach: 'subject' },
  { cause: 'NT-SVC-007', effects: ['NT-FW-001', 'NT-FW-009', 'NT-LAT'], reach: 'subject' },
  { cause: 'NT-DNS-008', effects: ['NT-DNS'], reach: 'target' },
  { cause: 'NT-DNS-002', effects: ['NT-DNS-001', 'NT-DNS-009'], reach: 'target' },
  { cause: 'NT-DNS-009', effects: ['NT-DNS-004', 'NT-DNS-007', 'NT-DNS-011'], reach: 'target' },
  { cause: 'NT-MTU-002', effects: ['NT-MTU-001', 'NT-TLS', 'NT-LAT-003'], reach: 'target' },
  { cause: 'NT-MTU-001', effects: ['NT-TLS', 'NT-PERF', 'NT-LAT-003', 'NT-LAT-006'], reach: 'subject' },
  {
    cause: 'NT-CT-001',
    effects: ['NT-LAT-005', 'NT-FW-001', 'NT-FW-009', 'NT-DNS-007', 'NT-DNS-012'],
    reach: 'target',
  },
  { cause: 'NT-CT-002', effects: ['NT-DNS-007', 'NT-DNS-012', 'NT-LAT-005'], reach: 'target' },
  { cause: 'NT-SOCK-003', effects: ['NT-LAT-005'], reach: 'target' },
  { cause: 'NT-IF-002', effects: ['NT-LAT-002', 'NT-LAT-003', 'NT-LAT-005', 'NT-DNS-012'], reach: 'target' },
  { cause: 'NT-LAT-002', effects: ['NT-LAT-001', 'NT-LAT-003', 'NT-LAT-005', 'NT-PERF'], reach: 'subject' },
  // Retransmissions are counted for all destinations together.
  { cause: 'NT-LAT-002', effects: ['NT-LAT-003'], reach: 'target' },
  { cause: 'NT-LAT-004', effects: ['NT-LAT-001', 'NT-PERF'], reach: 'target' },
];

/** Sets `causedBy` where another finding of the run explains one. An explanation is never an `info`. */
export function linkCauses(findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => {
    const cause = CAUSES.find((rule) => explains(rule, finding, findings));
    return cause === undefined ? finding : { ...finding, causedBy: cause.cause };
  });
}

function explains(rule: CauseRule, effect: Finding, all: readonly Finding[]): boolean {
  if (effect.id === rule.cause || effect.severity === 'info') return false;
  if (!rule.effects.some((id) => effect.id === id || effect.id.startsWith(`${id}-`))) return false;
  return all.some(
    (finding) =>
      finding.id === rule.cause &&
      finding.severity !== 'info' &&
      (rule.reach === 'target' || concerns(finding, effect)),
  );
}

/** The label of the first name server among the destinations (IN_CLUSTER in src/cluster/destinations.ts). */
const NAME_SERVER = 'dns';

/**
 * About the same destination, or the cause is a Service's and the effect one of its endpoints' (`svc/db → pod`). That
 * endpoints fail is the one effect that goes the other way.
 */
function concerns(cause: Finding, effect: Finding): boolean {
  if (cause.subject === effect.subject) return true;
  // The name server of resolv.conf is a destination of every check.
  if (cause.subject === NAME_SERVER && effect.subject === undefined) return effect.id.startsWith('NT-DNS-0');
  const isWithin = (part: Finding, whole: Finding): boolean =>
    whole.subject !== undefined && part.subject?.startsWith(`${whole.subject} → `) === true;
  return isWithin(effect, cause) || (effect.id === 'NT-SVC-007' && isWithin(cause, effect));
}

/** Findings in the order of a story: causes first, the gravest of them at the top; what follows, after. */
export function byCause(findings: readonly Finding[]): Finding[] {
  const weight = { critical: 0, warning: 1, info: 2 } as const;
  const depth = (finding: Finding): number => {
    const at = CAUSES.findIndex((rule) => rule.cause === finding.id);
    return at < 0 ? CAUSES.length : at;
  };
  const rank = (f: Finding): readonly number[] => [
    f.causedBy === undefined ? 0 : 1,
    weight[f.severity],
    depth(f),
  ];
  return findings
    .map((finding, i) => ({ finding, key: [...rank(finding), i] }))
    .sort((a, b) => a.key.map((k, n) => k - (b.key[n] ?? 0)).find((difference) => difference !== 0) ?? 0)
    .map(({ finding }) => finding);
}
