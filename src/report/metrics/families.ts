/**
 * Samples as text, in one of two formats. OpenMetrics 1.0 is what `-o openmetrics` prints. Prometheus' own text format 0.0.4 is
 * what everybody takes: a Pushgateway reads nothing else (https://github.com/prometheus/pushgateway/issues/400), and
 * Prometheus 3 refuses what is not of the format that its Content-Type names. They differ in how counters are announced, and
 * in the end. Pure.
 */
import { METRICS, type MetricAbout, type MetricName } from '../../model/metrics.ts';
import { quantile, sorted } from '../../statistics/quantile.ts';
import { visible } from '../text.ts';

export type Labels = Readonly<Record<string, string>>;
export type MetricsFormat = 'openmetrics' | 'text';

/** Counts of values up to a bound, as they are gathered; not cumulated. */
export interface Buckets {
  /** Upper bounds in the metric's unit, ascending; infinity is none of them. */
  readonly bounds: readonly number[];
  /** One more than bounds: the last are those above all. */
  readonly counts: readonly number[];
  readonly sum: number;
}

const QUANTILES = [0.5, 0.95, 0.99, 1] as const;

/** Metrics of one name stand together, as both formats ask for. What is not a finite number has no sample. */
export class Families {
  readonly #all = new Map<MetricName, string[]>();

  /** A gauge or a counter. */
  add(name: MetricName, labels: Labels, value: number): void {
    const { type }: MetricAbout = METRICS[name];
    this.#put(name, type === 'counter' ? '_total' : '', labels, value);
  }

  /** None where nothing was measured: a time of 0 s would be the best of all. */
  summary(name: MetricName, labels: Labels, values: readonly number[]): void {
    if (values.length === 0) return;
    const all = sorted(values);
    for (const share of QUANTILES)
      this.#put(name, '', { ...labels, quantile: String(share) }, quantile(all, share));
    const sum = values.reduce((a, b) => a + b, 0);
    this.#put(name, '_sum', labels, sum);
    this.#put(name, '_count', labels, values.length);
  }

  /** Counters all of them: it is there from the beginning, with zeros. */
  histogram(name: MetricName, labels: Labels, { bounds, counts, sum }: Buckets): void {
    let below = 0;
    for (const [at, count] of counts.entries()) {
      below += count;
      const bound = bounds[at];
      this.#put(name, '_bucket', { ...labels, le: bound === undefined ? '+Inf' : float(bound) }, below);
    }
    this.#put(name, '_sum', labels, sum);
    this.#put(name, '_count', labels, below);
  }

  /** Ends with a newline. */
  text(format: MetricsFormat): string {
    const lines = [...this.#all].flatMap(([name, samples]) => {
      const { type, help }: MetricAbout = METRICS[name];
      const word = `nettools_${name}${type === 'counter' && format === 'text' ? '_total' : ''}`;
      return [`# HELP ${word} ${escaped(help)}.`, `# TYPE ${word} ${type}`, ...samples];
    });
    return [...lines, ...(format === 'openmetrics' ? ['# EOF'] : []), ''].join('\n');
  }

  #put(name: MetricName, suffix: string, labels: Labels, value: number): void {
    if (!Number.isFinite(value)) return;
    const samples = this.#all.get(name) ?? [];
    this.#all.set(name, samples);
    const own = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    const all = own.length === 0 ? '' : `{${own.join(',')}}`;
    // Microseconds are what the tools measure: the last digits of a float are none.
    samples.push(`nettools_${name}${suffix}${all} ${Number(value.toPrecision(12))}`);
  }
}

/** OpenMetrics asks for `1.0`: series of `le="1"` and `le="1.0"` are two. */
function float(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

/** What the formats escape, after what may drive a terminal. */
function escaped(text: string): string {
  return visible(text)
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"')
    .replace(/\n/g, '\\n')
    .replace(/\t/g, ' ');
}
