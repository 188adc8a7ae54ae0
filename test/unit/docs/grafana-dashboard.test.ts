/** The dashboard asks for metrics that there are, by labels that they have, and for all of them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  METRICS,
  type MetricAbout,
  type MetricName,
  metricWord,
  SCOPE_LABELS,
} from '../../../src/model/metrics.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly refId: string;
  }[];
}

const { panels } = JSON.parse(
  readFileSync(new URL('../../../docs/grafana-dashboard.json', import.meta.url), 'utf8'),
) as { readonly panels: readonly Panel[] };
const queries = panels.flatMap(({ targets = [] }) => targets);
const names = Object.keys(METRICS) as MetricName[];

const labelsOf = (name: MetricName): readonly string[] => {
  const { of, labels, type }: MetricAbout = METRICS[name];
  const own = type === 'summary' ? ['quantile'] : type === 'histogram' ? ['le'] : [];
  return [...SCOPE_LABELS[of], ...labels, ...own, 'instance'];
};

describe('docs/grafana-dashboard.json', () => {
  it('has every metric', () => {
    const all = queries.map(({ expr }) => expr).join('\n');
    for (const name of names) expect(all).toContain(metricWord(name));
  });

  it.each(queries)('$expr asks for what there is', ({ expr, legendFormat }) => {
    const words = [...expr.matchAll(/nettools_[a-z_]+/g)].map(([word]) => word.replace(/_bucket$/, ''));
    const asked = names.filter((name) => words.includes(metricWord(name)));
    expect(new Set(asked.map(metricWord))).toEqual(new Set(words));
    const known = new Set(asked.flatMap(labelsOf));
    for (const [, label = ''] of expr.matchAll(/([a-z_]+)(?:=~|!=|=)"/g)) expect(known).toContain(label);
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(known).toContain(label);
    expect(legendFormat).not.toBe('');
  });

  it('has panels that lie beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [at, { gridPos: a, title }] of panels.entries()) {
      expect(title).not.toBe('');
      for (const { gridPos: b } of panels.slice(at + 1))
        expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
    }
  });
});

describe('the list of metrics', () => {
  it.each(names)('%s is named after the conventions', (name) => {
    const { unit, help, labels, type }: MetricAbout = METRICS[name];
    expect(name).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(name).not.toMatch(/_(?:ms|milliseconds|total|count|sum|bucket|percent|ratio)$/);
    if (unit !== undefined) expect(name.endsWith(`_${unit}`)).toBe(true);
    else expect(name).not.toMatch(/_(?:seconds|bytes)$/);
    expect(help).toMatch(/^[A-Z].*[^.]$/);
    for (const label of labels) expect(label).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    if (type === 'summary') expect(labels).not.toContain('quantile');
  });
});
