/** Findings of both runs. Pure. */
import type { Change, DiffLimits } from '../model/diff.ts';
import type { Measure } from '../model/measure.ts';
import { atLeast, type CheckResult, type Finding } from '../model/report.ts';
import { fisher } from '../statistics/fisher.ts';
import { familyOf, type Gathered, measureKey } from './sides.ts';

/** A finding that a loss has raised is not new where that loss is likelier by chance than this. */
const CHANCE = 0.05;

interface Side {
  readonly check: CheckResult;
  readonly measures: readonly Measure[];
}

export function compareFindings(
  where: string,
  before: Side,
  after: Side,
  limits: DiffLimits,
  into: Gathered,
): void {
  const old = byKey(before.check.findings);
  const now = byKey(after.check.findings);
  into.compared.findings += new Set([...old.keys(), ...now.keys()]).size;
  for (const [key, finding] of now) {
    const was = old.get(key);
    if (was === undefined) appeared(where, finding, before, after, limits, into);
    else if (was.severity !== finding.severity) turned(where, was, finding, limits, into);
  }
  for (const [key, finding] of old) if (!now.has(key)) disappeared(where, finding, before, after, into);
}

/** The gravest of those that are about the same. */
function byKey(findings: readonly Finding[]): Map<string, Finding> {
  const found = new Map<string, Finding>();
  for (const one of findings) {
    const key = JSON.stringify([one.id, familyOf(one.subject) ?? null]);
    const other = found.get(key);
    if (other === undefined || !atLeast(other.severity, one.severity)) found.set(key, one);
  }
  return found;
}

function appeared(
  where: string,
  finding: Finding,
  before: Side,
  after: Side,
  { failOn }: DiffLimits,
  into: Gathered,
): void {
  if (isChance(finding, before, after))
    into.noise.push({ where, text: `${finding.id} is new, and as much comes by chance: ${finding.summary}` });
  else into.changes.push(changeOf('new', where, finding, atLeast(finding.severity, failOn)));
}

function disappeared(where: string, finding: Finding, before: Side, after: Side, into: Gathered): void {
  if (isChance(finding, before, after))
    into.noise.push({
      where,
      text: `${finding.id} is gone, and as much comes by chance: ${finding.summary}`,
    });
  // What was not looked at again is not mended.
  else if (after.check.status === 'error' || after.check.status === 'skip')
    into.notCompared.push({ where, text: `whether ${finding.id} is still there: ${after.check.summary}` });
  else into.changes.push(changeOf('gone', where, finding, false));
}

function turned(where: string, was: Finding, now: Finding, { failOn }: DiffLimits, into: Gathered): void {
  const isWorse = atLeast(now.severity, was.severity);
  into.changes.push({
    ...changeOf(isWorse ? 'worse' : 'better', where, now, isWorse && atLeast(now.severity, failOn)),
    summary: `It was ${was.severity}, now ${now.severity}: ${now.summary}`,
  });
}

function changeOf(
  kind: Change['kind'],
  where: string,
  { id, severity, title, summary, subject, causedBy }: Finding,
  isRegression: boolean,
): Change {
  const about = familyOf(subject);
  return {
    kind,
    what: 'finding',
    isRegression,
    where,
    ...(about === undefined ? {} : { subject: about }),
    id,
    severity,
    ...(causedBy === undefined ? {} : { causedBy }),
    summary: `${title}: ${summary}`,
  };
}

/** Whether all that was lost of its subject, in either way of asking, may be chance in both runs. */
function isChance({ id, subject }: Finding, before: Side, after: Side): boolean {
  const pairs = before.measures.flatMap((one) => {
    const other = after.measures.find((two) => measureKey(two) === measureKey(one));
    const about = familyOf(subject) ?? '';
    const isOwn = one.judgedBy?.includes(id) === true && Object.values(one.labels).includes(about);
    return isOwn && one.value.kind === 'share' && other?.value.kind === 'share'
      ? [[one.value, other.value] as const]
      : [];
  });
  return pairs.length > 0 && pairs.every(([one, other]) => fisher(one, other) > CHANCE);
}
