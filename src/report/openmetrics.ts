/**
 * Reports as metrics: OpenMetrics 1.0 that Prometheus' older text format, a node exporter's textfile collector and a
 * Pushgateway take too. Names after https://prometheus.io/docs/practices/naming: base units, one metric for one quantity, no
 * label whose values nobody bounds. Pure.
 */
import type { MatrixReport } from '../model/matrix.ts';
import type { Measure } from '../model/measure.ts';
import type { CheckResult, Report, TargetInfo } from '../model/report.ts';
import type { ReportList } from '../model/report-list.ts';
import { quantile, sorted } from '../statistics/quantile.ts';
import { SIGNS, type Sign, Signs } from './matrix-cells.ts';
import { targetWord } from './target.ts';
import { visible } from './text.ts';

export interface MetricsOptions {
  readonly measuresOf: (check: CheckResult) => readonly Measure[];
  /** Unix time of an RFC 3339 text: reporters have no clock. */
  readonly secondsOf: (time: string) => number;
}

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly type: 'gauge' | 'summary';
  readonly help: string;
  readonly samples: string[];
}

/** Of more targets than these only their number is exported: each has some fifty series. */
const MOST_TARGETS = 100;
const QUANTILES = [0.5, 0.95, 0.99, 1] as const;

/** Ends with a newline. */
export function renderMetrics(report: Report | ReportList | MatrixReport, options: MetricsOptions): string {
  const families = new Families();
  const { tool, startedAt, durationMs } = report;
  families.gauge('run_info', 'The tool that made these metrics', { version: tool.version }, 1);
  families.gauge('run_start_timestamp_seconds', 'When the run began', {}, options.secondsOf(startedAt));
  families.gauge('run_duration_seconds', 'How long the run took', {}, durationMs / 1000);
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
  return families.text();
}

/** Metrics of one name stand together, as the format asks for. */
class Families {
  readonly #all = new Map<string, Family>();

  gauge(name: string, help: string, labels: Labels, value: number): void {
    this.#family(name, 'gauge', help).samples.push(sample(name, labels, value));
  }

  /** @param seconds at least one */
  summary(name: string, help: string, labels: Labels, seconds: readonly number[]): void {
    const { samples } = this.#family(name, 'summary', help);
    const all = sorted(seconds);
    for (const share of QUANTILES)
      samples.push(sample(name, { ...labels, quantile: String(share) }, quantile(all, share)));
    samples.push(
      sample(
        `${name}_sum`,
        labels,
        seconds.reduce((a, b) => a + b, 0),
      ),
    );
    samples.push(sample(`${name}_count`, labels, seconds.length));
  }

  text(): string {
    const lines = [...this.#all].flatMap(([name, { type, help, samples }]) => [
      `# HELP nettools_${name} ${escaped(help)}.`,
      `# TYPE nettools_${name} ${type}`,
      ...samples,
    ]);
    return [...lines, '# EOF', ''].join('\n');
  }

  #family(name: string, type: Family['type'], help: string): Family {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const family: Family = { type, help, samples: [] };
    this.#all.set(name, family);
    return family;
  }
}

function ofTarget(report: Report, families: Families, { measuresOf }: MetricsOptions): void {
  const { target, verdict, checks } = report;
  const own = targetLabels(target);
  for (const word of ['pass', 'warn', 'fail', 'unknown'] as const)
    families.gauge(
      'verdict',
      'Whether this is the verdict of the run',
      { ...own, verdict: word },
      Number(word === verdict),
    );
  for (const { id, status } of checks) {
    const isMeasured = status !== 'error' && status !== 'skip';
    families.gauge(
      'check_measured',
      'Whether the check could measure',
      { ...own, check: id },
      Number(isMeasured),
    );
    // What was not measured is neither well nor ill: it has no sample.
    if (isMeasured)
      families.gauge(
        'check_ok',
        'Whether the check found nothing from warning on',
        { ...own, check: id },
        Number(status === 'pass'),
      );
  }
  findings(
    own,
    checks.flatMap((check) => check.findings),
    families,
  );
  for (const check of checks) for (const one of measuresOf(check)) measure(own, one, families);
}

/** Of which severity there are how many, and of which ID; what each is about is not bounded, and stays out. */
function findings(own: Labels, all: Report['checks'][number]['findings'], families: Families): void {
  for (const severity of ['critical', 'warning', 'info'] as const)
    families.gauge(
      'findings',
      'Findings of this severity',
      { ...own, severity },
      all.filter((one) => one.severity === severity).length,
    );
  const byId = new Map<string, number>();
  for (const { id, severity } of all) {
    const key = `${id} ${severity}`;
    byId.set(key, (byId.get(key) ?? 0) + 1);
  }
  for (const [key, count] of byId) {
    const [id = '', severity = ''] = key.split(' ');
    families.gauge('finding', 'Findings of this ID', { ...own, id, severity }, count);
  }
}

function measure(own: Labels, { metric, help, labels, value }: Measure, families: Families): void {
  const all = { ...own, ...labels };
  switch (value.kind) {
    case 'times':
      families.summary(
        metric,
        help,
        all,
        value.ms.map((ms) => ms / 1000),
      );
      break;
    case 'share':
      families.gauge(metric, `${help}: all`, all, value.tries);
      families.gauge(
        `${metric}_${value.word ?? 'lost'}`,
        `${help}: those that were ${value.word ?? 'lost'}`,
        all,
        value.lost,
      );
      break;
    case 'level':
      families.gauge(metric, help, all, value.value);
  }
}

function ofList(list: ReportList, families: Families, options: MetricsOptions): void {
  const { items, failed } = list;
  for (const verdict of ['pass', 'warn', 'fail', 'unknown'] as const)
    families.gauge(
      'targets',
      'Targets with this verdict',
      { verdict },
      items.filter((one) => one.verdict === verdict).length,
    );
  families.gauge('targets_failed', 'Targets that could not be opened', {}, failed.length);
  families.gauge(
    'targets_left_out',
    'Targets that have no metrics of their own here',
    {},
    Math.max(0, items.length - MOST_TARGETS),
  );
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
  const { cells, sources, destinations, pairs, findings: all } = report;
  const signs = new Signs(report);
  const seen = new Set(cells.map(({ source, destination }) => JSON.stringify([source, destination])));
  const counts = new Map<Sign, number>();
  for (const key of seen) {
    const [source = 0, destination = 0] = JSON.parse(key) as number[];
    const sign = signs.of(source, destination);
    if (sign !== undefined) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  for (const sign of Object.keys(SIGNS) as Sign[])
    families.gauge(
      'matrix_pairs',
      'Pairs by the worst of their probes',
      { state: STATES[sign] },
      counts.get(sign) ?? 0,
    );
  families.gauge('matrix_pairs_asked', 'Pairs that were asked for', {}, pairs.asked);
  families.gauge('matrix_sources', 'Sources', {}, sources.length);
  families.gauge(
    'matrix_sources_failed',
    'Sources from which nothing was measured',
    {},
    sources.filter(({ failed }) => failed !== undefined).length,
  );
  families.gauge('matrix_destinations', 'Destinations', {}, destinations.length);
  const times = cells.flatMap(({ icmp, tcp }) => (icmp === undefined ? tcp?.ms : icmp.ms) ?? []);
  if (times.length > 0)
    families.summary(
      'matrix_answer_seconds',
      'The fastest answer of each pair',
      {},
      times.map((ms) => ms / 1000),
    );
  findings({}, all, families);
}

function targetLabels(target: TargetInfo): Labels {
  const { namespace } = target;
  return {
    target: targetWord(target),
    ...(namespace === undefined ? {} : { target_namespace: namespace }),
  };
}

function sample(name: string, labels: Labels, value: number): string {
  const own = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  // Microseconds are what the tools measure: the last digits of a float are none.
  return `nettools_${name}${own.length === 0 ? '' : `{${own.join(',')}}`} ${Number(value.toPrecision(12))}`;
}

/** What the format escapes, after what may drive a terminal. */
function escaped(text: string): string {
  return visible(text)
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"')
    .replace(/\n/g, '\\n')
    .replace(/\t/g, ' ');
}
