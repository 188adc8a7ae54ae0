/** The judged pattern of a matrix: which place, which way and what of it fails. Pure. */
import type { Occurrence } from '../../model/finding.ts';
import type { Severity } from '../../model/report.ts';
import { occurrence } from '../shared/rule.ts';
import { explain } from './explain.ts';
import { echoesOf, LEAST_ECHOES, LOSS_FIT } from './loss.ts';
import { ownServices, stuckSources } from './own-services.ts';
import { remedyOf } from './remedy.ts';
import { MATRIX_PATTERNS } from './rules/index.ts';
import { type Measured, type Story, storiesOf } from './story.ts';
import type { Told } from './told.ts';
import { type Layer, layersOf } from './units.ts';
import { MOST_QUOTES, quoteOf, subjectOf, whatText, whereText } from './words.ts';

/** What is wrong, as people would say it, the gravest and widest first. */
export function patternOf(matrix: Measured): Occurrence[] {
  const told: Told[] = [];
  for (const layer of layersOf(matrix, matrix.cells)) {
    const shapes = explain(matrix, layer.units, layer.symptom === 'lossy' ? LOSS_FIT : {});
    told.push(...storiesOf(shapes, layer, matrix).map((story) => tell(story, layer, matrix)));
  }
  const stuck = stuckSources(matrix);
  told.push(...ownServices(matrix, 'dns', stuck), ...ownServices(matrix, 'service', stuck));
  return withoutTwins(told)
    .map((one, i) => ({ one, i }))
    .sort((a, b) => WEIGHT[a.one.finding.severity] - WEIGHT[b.one.finding.severity] || a.i - b.i)
    .map(({ one }) => one.finding);
}

const WEIGHT: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

function withoutTwins(all: readonly Told[]): Told[] {
  const keys = new Set<string>();
  return all.filter(({ key }) => !keys.has(key) && keys.add(key));
}

function tell(story: Story, layer: Layer, matrix: Measured): Told {
  const pattern = MATRIX_PATTERNS.find(({ tells }) => tells(story, layer.symptom));
  if (pattern === undefined) throw new Error(`no pattern for ${story.kind} ${layer.symptom}`);
  const { meta } = pattern;
  const subject = subjectOf(story, matrix);
  const text = `${whereText(story, matrix)}: ${whatText(story, layer, matrix)}.`;
  const evidence = story.bad.slice(0, MOST_QUOTES).map((unit) => quoteOf(unit.cell, layer.symptom, matrix));
  const severity = severityOf(layer, story);
  const remediation = remedyOf(pattern, story, matrix);
  return {
    key: JSON.stringify([meta.id, layer.symptom, subject ?? null]),
    finding: occurrence(meta, severity, text, evidence, {
      ...(subject === undefined ? {} : { subject }),
      ...(remediation === undefined ? {} : { remediation }),
    }),
  };
}

function severityOf({ symptom }: Layer, { seen }: Story): Severity {
  if (symptom === 'icmp') return 'info';
  if (symptom === 'slow') return 'warning';
  if (symptom === 'lossy') return echoesOf(seen).sent >= LEAST_ECHOES ? 'critical' : 'warning';
  return 'critical';
}
