/** The rows of all sources as one report. Pure: a saved run gives the same one. */
import { adviceText } from '../../model/advice.ts';
import type { ClusterChoice } from '../../model/cluster-choice.ts';
import {
  type MatrixCell,
  type MatrixFrame,
  type MatrixPlace,
  type MatrixReport,
  type MatrixSource,
  placeKey,
} from '../../model/matrix.ts';
import type { CheckResult, Finding, Report, Verdict } from '../../model/report.ts';
import type { FailedTarget } from '../../model/report-list.ts';
import { patternOf } from './pattern.ts';
import type { Row } from './row.ts';

/** What the report is made of. */
export interface WholeParts {
  readonly tool: { readonly version: string };
  readonly startedAt: string;
  readonly durationMs: number;
  readonly matrix: MatrixFrame;
  /** `place` is the source's in the frame. */
  readonly items: readonly { readonly place: number; readonly report: Report }[];
  readonly failed: readonly FailedTarget[];
  /** Of the cluster, for the commands in remedies. */
  readonly choice?: ClusterChoice;
}

export function matrixReport({
  tool,
  startedAt,
  durationMs,
  matrix,
  items,
  failed,
  choice = {},
}: WholeParts): MatrixReport {
  const rows = new Map(items.map(({ place, report }) => [place, rowIn(report)]));
  const reasons = new Map(failed.map((one) => [failedKey(one), one.reason]));
  const sources = matrix.sources.map((place, at) => sourceOf(place, rows.get(at), reasons));
  const cells = withoutSilentPorts(
    matrix,
    [...rows]
      .sort(([a], [b]) => a - b)
      .flatMap(([source, row]) => (row?.cells ?? []).map((cell) => withoutEcho({ source, ...cell })))
      .filter(({ destination }) => matrix.destinations[destination]?.gone === undefined),
  );
  const { destinations, pairs } = matrix;
  const findings = patternOf({ sources, destinations, cells }).map(
    (one): Finding => ({ ...one, remediation: adviceText(one.remediation, { choice }) }),
  );
  const verdict = verdictOf(findings, sources, destinations, cells);
  return {
    apiVersion: 'nettools/v1',
    kind: 'MatrixReport',
    tool,
    startedAt,
    durationMs,
    verdict,
    findings,
    sources,
    destinations,
    cells,
    pairs,
  };
}

function rowIn({ checks }: Report): Row | undefined {
  const check: CheckResult | undefined = checks.find(({ id }) => id === 'matrix');
  return check?.measurements['row'] as unknown as Row | undefined;
}

function failedKey({ target, namespace }: FailedTarget): string {
  return JSON.stringify([namespace ?? null, target]);
}

function sourceOf(
  place: MatrixPlace,
  row: Row | undefined,
  reasons: ReadonlyMap<string, string>,
): MatrixSource {
  if (row === undefined) {
    const reason = reasons.get(failedKey({ ...place, reason: '' }));
    return { ...place, failed: reason ?? 'nothing came of it' };
  }
  const { dns, service } = row;
  return { ...place, ...(dns === undefined ? {} : { dns }), ...(service === undefined ? {} : { service }) };
}

/** Where nothing is answered at all, that a large packet could not be tried is no news. */
function withoutEcho(cell: MatrixCell): MatrixCell {
  const { icmp, tcp, udp, full } = cell;
  const basic = [icmp, tcp, udp].filter((probe) => probe !== undefined && probe.outcome !== 'unmeasured');
  const isDead = basic.length > 0 && basic.every((probe) => probe?.outcome === 'lost');
  if (!isDead || full?.outcome !== 'unmeasured') return cell;
  const { full: _full, ...rest } = cell;
  return rest;
}

/**
 * Hosts have firewalls that say nothing to what nobody asked them to answer: where a node refuses UDP to nobody, that
 * nothing came back says nothing of the way. A pod's own kernel refuses it, and what nobody hears of is lost.
 */
function withoutSilentPorts(
  { destinations }: MatrixFrame,
  cells: readonly MatrixCell[],
): readonly MatrixCell[] {
  const answers = new Set(
    cells.flatMap(({ destination, family, udp }) =>
      udp?.outcome === 'reached' || udp?.outcome === 'refused' ? [`${destination} ${family}`] : [],
    ),
  );
  return cells.map((cell) => {
    const { destination, family, udp } = cell;
    if (udp?.outcome !== 'lost' || destinations[destination]?.kind !== 'node') return cell;
    if (answers.has(`${destination} ${family}`)) return cell;
    const { udp: _udp, ...rest } = cell;
    return rest;
  });
}

/** The worst that was seen, and never `pass` where something could not be measured. */
function verdictOf(
  findings: readonly Finding[],
  sources: readonly MatrixSource[],
  destinations: readonly MatrixPlace[],
  cells: readonly MatrixCell[],
): Verdict {
  const has = (severity: Finding['severity']): boolean => findings.some((one) => one.severity === severity);
  if (has('critical')) return 'fail';
  if (has('warning')) return 'warn';
  const isWhole =
    cells.length > 0 &&
    sources.every(({ failed }) => failed === undefined) &&
    destinations.every(({ gone }) => gone === undefined) &&
    cells.every(isMeasured);
  return isWhole ? 'pass' : 'unknown';
}

/** What of a cell was asked for was measured. */
function isMeasured({ icmp, tcp, udp, full }: MatrixCell): boolean {
  const probes = [icmp, tcp, udp, full].filter((probe) => probe !== undefined);
  return probes.length > 0 && probes.every(({ outcome }) => outcome !== 'unmeasured');
}

/** Whether what was lost may be the work of a change meanwhile: then it is worth a look at the API. */
export function isSuspect({ verdict }: Pick<MatrixReport, 'verdict'>): boolean {
  return verdict === 'fail' || verdict === 'warn';
}

/** The frame with what the API says now: what went away, or moved, while the probes ran is told so and not judged. */
export function withChanges(
  frame: MatrixFrame,
  before: readonly Addressed[],
  now: readonly Addressed[],
): MatrixFrame {
  const addresses = (all: readonly Addressed[]): Map<string, string> =>
    new Map(all.map((one) => [placeKey(one), JSON.stringify(one.addresses)]));
  const [old, fresh] = [addresses(before), addresses(now)];
  return {
    ...frame,
    destinations: frame.destinations.map((place) => {
      const key = placeKey(place);
      if (old.get(key) === fresh.get(key)) return place;
      return {
        ...place,
        gone: fresh.has(key)
          ? 'it got another address while the matrix was measured'
          : 'it went away while the matrix was measured',
      };
    }),
  };
}

interface Addressed extends MatrixPlace {
  readonly addresses: readonly object[];
}
