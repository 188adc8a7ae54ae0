/** Reports, lists and matrices as metrics. Pure. */
import type { MatrixReport } from '../../model/matrix.ts';
import type { Measure } from '../../model/measure.ts';
import type { CheckResult, Report, TargetInfo } from '../../model/report.ts';
import type { ReportList } from '../../model/report-list.ts';
import { SIGNS, type Sign, Signs } from '../matrix-cells.ts';
import { targetWord } from '../target.ts';
import { Families, type Labels, type MetricsFormat } from './families.ts';

export interface MetricsOptions {
  readonly measuresOf: (check: CheckResult) => readonly Measure[];
  /** Unix time of an RFC 3339 text: reporters have no clock. */
  readonly secondsOf: (time: string) => number;
  readonly format: MetricsFormat;
}

/** Of more targets than these only their number is exported: each has some fifty series. */
const MOST_TARGETS = 100;
/** Of more destinations, servers and endpoints of a target only their number: each has up to sixteen series. */
const MOST_PLACES = 50;

/** Ends with a newline. */
export function renderMetrics(report: Report | ReportList | MatrixReport, options: MetricsOptions): string {
  const families = new Families();
  ofRun(report, families, options);
  switch (report.kind) {
    case 'Report':
      ofTarget(report, families, options);
      break;
    case 'ReportList':
      ofList(report, families, options);
      break;
    case 'MatrixReport':
      ofMatrix(report, families);
      break;
  }
  return families.text(options.format);
}

/** What every run has. */
export function ofRun(
  {
    tool,
    startedAt,
    durationMs,
  }: { readonly tool: { readonly version: string }; readonly startedAt: string; readonly durationMs: number },
  families: Families,
  { secondsOf }: Pick<MetricsOptions, 'secondsOf'>,
): void {
  families.add('run_info', { version: tool.version }, 1);
  families.add('run_start_timestamp_seconds', {}, secondsOf(startedAt));
  families.add('run_duration_seconds', {}, durationMs / 1000);
}

function ofTarget(report: Report, families: Families, { measuresOf }: MetricsOptions): void {
  const { target, verdict, checks } = report;
  const own = targetLabels(target);
  for (const word of ['pass', 'warn', 'fail', 'unknown'] as const)
    families.add('verdict', { ...own, verdict: word }, Number(word === verdict));
  for (const { id, status } of checks) {
    const isMeasured = status !== 'error' && status !== 'skip';
    families.add('check_measured', { ...own, check: id }, Number(isMeasured));
    // What was not measured is neither well nor ill: it has no sample.
    if (isMeasured) families.add('check_ok', { ...own, check: id }, Number(status === 'pass'));
  }
  const all = checks.flatMap((check) => check.findings);
  counted(all, (severity, count) => families.add('findings', { ...own, severity }, count));
  byId(all, (labels, count) => families.add('finding', { ...own, ...labels }, count));
  const measures = checks.flatMap(measuresOf);
  const places = [...new Set(measures.map(placeOf))].filter((place) => place !== '');
  const named = new Set(['', ...places.slice(0, MOST_PLACES)]);
  for (const one of measures) if (named.has(placeOf(one))) measure(own, one, families);
  families.add('places_left_out', own, Math.max(0, places.length - MOST_PLACES));
}

/** Where a number is from, whatever it counts; empty: from the target itself. */
function placeOf({ labels }: Measure): string {
  const { destination, server, endpoint } = labels;
  const words = [destination ?? server, endpoint].filter((word) => word !== undefined);
  return words.length === 0 ? '' : JSON.stringify(words);
}

type Findings = Report['checks'][number]['findings'];

/** Of which severity there are how many. */
export function counted(all: Findings, put: (severity: string, count: number) => void): void {
  for (const severity of ['critical', 'warning', 'info'] as const)
    put(severity, all.filter((one) => one.severity === severity).length);
}

/** And of which ID; what each is about is not bounded, and stays out. */
export function byId(all: Findings, put: (labels: Labels, count: number) => void): void {
  const counts = new Map<string, number>();
  for (const { id, severity } of all) {
    const key = `${id} ${severity}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    const [id = '', severity = ''] = key.split(' ');
    put({ id, severity }, count);
  }
}

function measure(own: Labels, { metric, labels, value }: Measure, families: Families): void {
  const all = { ...own, ...labels };
  switch (value.kind) {
    case 'times':
      families.summary(
        metric,
        all,
        value.ms.map((ms) => ms / 1000),
      );
      break;
    case 'share':
      families.add(metric, all, value.tries);
      families.add(value.lostMetric, all, value.lost);
      break;
    case 'level':
      families.add(metric, all, value.value);
  }
}

function ofList(list: ReportList, families: Families, options: MetricsOptions): void {
  const { items, failed } = list;
  for (const verdict of ['pass', 'warn', 'fail', 'unknown'] as const)
    families.add('targets', { verdict }, items.filter((one) => one.verdict === verdict).length);
  families.add('targets_failed', {}, failed.length);
  families.add('targets_left_out', {}, Math.max(0, items.length - MOST_TARGETS));
  for (const report of items.slice(0, MOST_TARGETS)) ofTarget(report, families, options);
}

const STATES: Readonly<Record<Sign, string>> = {
  '·': 'reached',
  '×': 'lost',
  '4': 'ipv4_lost',
  '6': 'ipv6_lost',
  T: 'tcp_lost',
  U: 'udp_lost',
  S: 'full_size_lost',
  I: 'echo_lost',
  '~': 'lossy',
  '?': 'unmeasured',
};

/** Pairs are counted: with a series for each, a hundred pods would have ten thousand. */
function ofMatrix(report: MatrixReport, families: Families): void {
  const { cells, sources, destinations, pairs, findings } = report;
  const signs = new Signs(report);
  const seen = new Set(cells.map(({ source, destination }) => JSON.stringify([source, destination])));
  const counts = new Map<Sign, number>();
  for (const key of seen) {
    const [source = 0, destination = 0] = JSON.parse(key) as number[];
    const sign = signs.of(source, destination);
    if (sign !== undefined) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  for (const sign of Object.keys(SIGNS) as Sign[])
    families.add('matrix_pairs', { state: STATES[sign] }, counts.get(sign) ?? 0);
  families.add('matrix_pairs_asked', {}, pairs.asked);
  families.add('matrix_sources', {}, sources.length);
  families.add('matrix_sources_failed', {}, sources.filter(({ failed }) => failed !== undefined).length);
  families.add('matrix_destinations', {}, destinations.length);
  const times = cells.flatMap(({ icmp, tcp }) => (icmp === undefined ? tcp?.ms : icmp.ms) ?? []);
  families.summary(
    'matrix_answer_seconds',
    {},
    times.map((ms) => ms / 1000),
  );
  counted(findings, (severity, count) => families.add('matrix_findings', { severity }, count));
  byId(findings, (labels, count) => families.add('matrix_finding', labels, count));
}

/** What every metric of a target has. */
export function targetLabels(target: TargetInfo): Labels {
  const { namespace } = target;
  return {
    target: targetWord(target),
    ...(namespace === undefined ? {} : { target_namespace: namespace }),
  };
}
