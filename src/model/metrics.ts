/**
 * Every metric, once: what is exported (`-o openmetrics`, `--push`, `watch --metrics`), what docs/metrics.md says of it and
 * what the dashboard draws are made of this list. Names after https://prometheus.io/docs/practices/naming: base units, one
 * metric for one quantity, and no label whose values nobody bounds.
 */

export interface MetricAbout {
  /** A counter goes on for as long as the process lives; the numbers of a run that has ended are gauges. */
  readonly type: 'gauge' | 'counter' | 'summary' | 'histogram';
  /** The base unit, in which its name ends; absent: a number of things, or 1 for yes and 0 for no. */
  readonly unit?: 'seconds' | 'bytes_per_second';
  /** Besides those of what it is of, which `of` gives. */
  readonly labels: readonly string[];
  /** A sentence without its end. */
  readonly help: string;
  readonly of: MetricScope;
}

/**
 * What a metric is of: a run of any kind; one target of it (labels `target` and `target_namespace`); a list of targets; a matrix;
 * a file of expectations; a watch (labels of its target).
 */
export type MetricScope = 'run' | 'target' | 'list' | 'matrix' | 'test' | 'watch';

/** The labels that everything of a scope has. */
export const SCOPE_LABELS: Readonly<Record<MetricScope, readonly string[]>> = {
  run: [],
  target: ['target', 'target_namespace'],
  list: [],
  matrix: [],
  test: [],
  watch: ['target', 'target_namespace'],
};

const PROBED = ['destination', 'endpoint', 'by'] as const;
const WATCHED = ['destination', 'by'] as const;
const SERVED = ['server', 'endpoint', 'by'] as const;

/** By name, without the prefix `nettools_`; a counter without `_total`. */
export const METRICS = {
  run_info: { of: 'run', type: 'gauge', labels: ['version'], help: 'The tool that made these metrics' },
  run_start_timestamp_seconds: {
    of: 'run',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'When the run began',
  },
  run_duration_seconds: {
    of: 'run',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'How long the run took',
  },

  verdict: {
    of: 'target',
    type: 'gauge',
    labels: ['verdict'],
    help: 'Whether this is the verdict of the run',
  },
  check_measured: {
    of: 'target',
    type: 'gauge',
    labels: ['check'],
    help: 'Whether the check could measure',
  },
  check_ok: {
    of: 'target',
    type: 'gauge',
    labels: ['check'],
    help: 'Whether the check found nothing from warning on; absent where it could not measure',
  },
  findings: { of: 'target', type: 'gauge', labels: ['severity'], help: 'Findings of this severity' },
  finding: {
    of: 'target',
    type: 'gauge',
    labels: ['id', 'severity'],
    help: 'Findings of this ID; absent: there is none',
  },
  latency_rtt_seconds: {
    of: 'target',
    type: 'summary',
    unit: 'seconds',
    labels: PROBED,
    help: 'Round-trip times of what was answered; absent where nothing was',
  },
  latency_probes: { of: 'target', type: 'gauge', labels: PROBED, help: 'Probes that were sent' },
  latency_probes_lost: {
    of: 'target',
    type: 'gauge',
    labels: PROBED,
    help: 'Probes that were sent and not answered',
  },
  latency_connects: { of: 'target', type: 'gauge', labels: PROBED, help: 'Connections that were answered' },
  latency_connects_slow: {
    of: 'target',
    type: 'gauge',
    labels: PROBED,
    help: 'Connections that were answered after their first packet was sent again',
  },
  dns_query_seconds: {
    of: 'target',
    type: 'summary',
    unit: 'seconds',
    labels: SERVED,
    help: 'Times of the queries that were answered; absent where none was',
  },
  dns_queries: { of: 'target', type: 'gauge', labels: SERVED, help: 'Queries that were sent' },
  dns_queries_lost: {
    of: 'target',
    type: 'gauge',
    labels: SERVED,
    help: 'Queries that were sent and not answered',
  },
  service_endpoints_ready: {
    of: 'target',
    type: 'gauge',
    labels: ['destination'],
    help: 'Endpoints that the Service sends to',
  },
  throughput_bytes_per_second: {
    of: 'target',
    type: 'gauge',
    unit: 'bytes_per_second',
    labels: ['destination'],
    help: 'What one TCP connection carried',
  },
  conntrack_entries: { of: 'target', type: 'gauge', labels: [], help: 'Tracked connections' },
  conntrack_entries_limit: {
    of: 'target',
    type: 'gauge',
    labels: [],
    help: 'Connections that can be tracked at most',
  },
  tls_certificate_remaining_seconds: {
    of: 'target',
    type: 'gauge',
    unit: 'seconds',
    labels: ['destination', 'sni'],
    help: 'How long the certificate that was presented is valid, in whole days',
  },
  places_left_out: {
    of: 'target',
    type: 'gauge',
    labels: [],
    help: 'Destinations, servers and endpoints that have no metrics of their own here',
  },

  targets: { of: 'list', type: 'gauge', labels: ['verdict'], help: 'Targets with this verdict' },
  targets_failed: { of: 'list', type: 'gauge', labels: [], help: 'Targets that could not be opened' },
  targets_left_out: {
    of: 'list',
    type: 'gauge',
    labels: [],
    help: 'Targets that have no metrics of their own here',
  },

  matrix_pairs: {
    of: 'matrix',
    type: 'gauge',
    labels: ['state'],
    help: 'Pairs by the worst of their probes',
  },
  matrix_pairs_asked: { of: 'matrix', type: 'gauge', labels: [], help: 'Pairs that were asked for' },
  matrix_sources: { of: 'matrix', type: 'gauge', labels: [], help: 'Sources' },
  matrix_sources_failed: {
    of: 'matrix',
    type: 'gauge',
    labels: [],
    help: 'Sources from which nothing was measured',
  },
  matrix_destinations: { of: 'matrix', type: 'gauge', labels: [], help: 'Destinations' },
  matrix_answer_seconds: {
    of: 'matrix',
    type: 'summary',
    unit: 'seconds',
    labels: [],
    help: 'The fastest answer of each pair; absent where there was none',
  },
  matrix_findings: { of: 'matrix', type: 'gauge', labels: ['severity'], help: 'Findings of this severity' },
  matrix_finding: {
    of: 'matrix',
    type: 'gauge',
    labels: ['id', 'severity'],
    help: 'Findings of this ID; absent: there is none',
  },

  test_expectations: {
    of: 'test',
    type: 'gauge',
    labels: ['outcome'],
    help: 'Expectations that came to this: met, failed, not_proven, unknown',
  },
  test_expectation_met: {
    of: 'test',
    type: 'gauge',
    labels: ['test', 'source', 'destination'],
    help: 'Whether it was met; absent where it could not be measured or proven',
  },
  test_expectations_left_out: {
    of: 'test',
    type: 'gauge',
    labels: [],
    help: 'Expectations that have no metric of their own here',
  },

  watch_start_timestamp_seconds: {
    of: 'watch',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'When the watch began',
  },
  watch_reached: {
    of: 'watch',
    type: 'gauge',
    labels: WATCHED,
    help: 'Whether its last probe was answered; absent before the first',
  },
  watch_probes: { of: 'watch', type: 'counter', labels: WATCHED, help: 'Probes that were sent' },
  watch_probes_lost: {
    of: 'watch',
    type: 'counter',
    labels: WATCHED,
    help: 'Probes that were sent and not answered',
  },
  watch_rtt_seconds: {
    of: 'watch',
    type: 'histogram',
    unit: 'seconds',
    labels: WATCHED,
    help: 'Round-trip times of what was answered',
  },
  watch_outages: { of: 'watch', type: 'counter', labels: WATCHED, help: 'Outages that began' },
  watch_slow_names: {
    of: 'watch',
    type: 'counter',
    labels: WATCHED,
    help: 'Rows of look-ups that another name server than the first had to answer, at most 100',
  },
  watch_findings: {
    of: 'watch',
    type: 'counter',
    labels: ['id', 'severity'],
    help: 'Outages, and rows of slow look-ups that have ended, with a finding of this ID; absent: none yet',
  },
  watch_destinations_left_out: {
    of: 'watch',
    type: 'gauge',
    labels: [],
    help: 'Destinations that have no metrics of their own here',
  },
} as const satisfies Readonly<Record<string, MetricAbout>>;

export type MetricName = keyof typeof METRICS;

/** As it stands in Prometheus. */
export function metricWord(name: MetricName): string {
  const { type }: MetricAbout = METRICS[name];
  return `nettools_${name}${type === 'counter' ? '_total' : ''}`;
}
