import {
  METRICS,
  type MetricAbout,
  type MetricName,
  type MetricScope,
  metricWord,
  SCOPE_LABELS,
} from '../../src/model/metrics.ts';

/** A row of the dashboard for each scope, what is asked for first at the top. */
const ROWS: readonly (readonly [MetricScope, string])[] = [
  ['watch', 'watch'],
  ['test', 'test'],
  ['target', 'Targets'],
  ['list', 'Lists'],
  ['matrix', 'matrix'],
  ['run', 'Runs'],
];
/** What is better read as a share of another. */
const SHARES: Readonly<Partial<Record<MetricName, MetricName>>> = {
  latency_probes_lost: 'latency_probes',
  latency_connects_slow: 'latency_connects',
  dns_queries_lost: 'dns_queries',
  watch_probes_lost: 'watch_probes',
  conntrack_entries: 'conntrack_entries_limit',
};
/** Counted, not divided by seconds. */
const RARE: ReadonlySet<MetricName> = new Set(['watch_outages', 'watch_slow_names', 'watch_findings']);
const WIDTH = 24;
const PANEL = { w: 12, h: 8 };
/** Of the data source that the user chooses when importing. */
const SOURCE = { type: 'prometheus', uid: '$datasource' };

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

/** docs/grafana-dashboard.json: a panel for each metric, by what it is of. */
export function grafanaDashboard(): string {
  const names = Object.keys(METRICS) as MetricName[];
  const panels: object[] = [];
  let id = 1;
  let y = 0;
  for (const [scope, title] of ROWS) {
    panels.push({
      id: id++,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: WIDTH, h: 1 },
      panels: [],
    });
    const own = names.filter((name) => METRICS[name].of === scope);
    for (const [at, name] of own.entries()) {
      const x = (at * PANEL.w) % WIDTH;
      panels.push({ id: id++, ...panelOf(name), gridPos: { x, y, ...PANEL } });
      if (x + PANEL.w >= WIDTH || at === own.length - 1) y += PANEL.h;
    }
  }
  const dashboard = {
    title: 'kubectl nettools',
    uid: 'kubectl-nettools',
    description: 'Made from src/model/metrics.ts; docs/metrics.md says what each metric means.',
    tags: ['network', 'kubernetes'],
    editable: true,
    schemaVersion: 38,
    version: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('target_namespace', 'Namespace', 'target_namespace'),
        variable('target', 'Target', 'target'),
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** All values of a label, of reports and of watches. */
function variable(name: string, label: string, of: string): object {
  const query = `label_values({__name__=~"${metricWord('verdict')}|${metricWord('watch_start_timestamp_seconds')}"}, ${of})`;
  return {
    name,
    label,
    type: 'query',
    datasource: SOURCE,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    // Targets outside a cluster have no namespace.
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

function panelOf(name: MetricName): object {
  const about: MetricAbout = METRICS[name];
  const whole = SHARES[name];
  const isShare = whole !== undefined;
  const targets = targetsOf(name, about, whole);
  return {
    type: 'timeseries',
    title: `${about.help.split(/[;:]/)[0]}${isShare ? ', as a share' : ''}`,
    description: `${metricWord(name)}: ${about.help}.`,
    datasource: SOURCE,
    fieldConfig: {
      defaults: {
        unit: isShare ? 'percentunit' : unitOf(name, about),
        min: 0,
        ...(isShare ? { max: 1 } : {}),
        custom: { drawStyle: 'line', fillOpacity: 10, spanNulls: false },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: targets.map((target, at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: SOURCE,
      ...target,
    })),
  };
}

function targetsOf(
  name: MetricName,
  { type, labels, of }: MetricAbout,
  whole: MetricName | undefined,
): Target[] {
  const own = SCOPE_LABELS[of];
  const chosen = own.map((label) => `${label}=~"$${label}"`).join(',');
  const legend = [...own.filter((label) => label !== 'target_namespace'), ...labels]
    .map((label) => `{{${label}}}`)
    .join(' ');
  const legendFormat = legend === '' ? '{{instance}}' : legend;
  const series = (word: string, more = ''): string => {
    const all = [chosen, more].filter((part) => part !== '').join(',');
    return all === '' ? word : `${word}{${all}}`;
  };
  const read = (one: MetricName): string => {
    const text = series(metricWord(one));
    return METRICS[one].type === 'counter' ? `rate(${text}[$__rate_interval])` : text;
  };
  switch (type) {
    case 'summary':
      return [
        {
          expr: series(metricWord(name), 'quantile!="0.99"'),
          legendFormat: `${legendFormat} {{quantile}}`.trim(),
        },
      ];
    case 'histogram':
      return [0.5, 0.99].map((share) => ({
        expr: `histogram_quantile(${share}, sum by (${['le', ...own, ...labels].join(', ')}) (rate(${series(`${metricWord(name)}_bucket`)}[$__rate_interval])))`,
        legendFormat: `${legendFormat} ${share}`,
      }));
    case 'counter':
    case 'gauge': {
      if (whole !== undefined) return [{ expr: `${read(name)} / ${read(whole)}`, legendFormat }];
      return [
        {
          expr: RARE.has(name) ? `increase(${series(metricWord(name))}[$__rate_interval])` : read(name),
          legendFormat,
        },
      ];
    }
  }
}

function unitOf(name: MetricName, { unit }: MetricAbout): string {
  if (name.endsWith('_timestamp_seconds')) return 'dateTimeAsIso';
  return unit === 'seconds' ? 's' : unit === 'bytes_per_second' ? 'Bps' : 'short';
}
