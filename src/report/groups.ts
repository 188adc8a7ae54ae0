/** Findings of many reports, one group for each: how many targets have it, and what these have in common. Pure. */
import type { CheckResult, Finding, Report, Severity, TargetInfo } from '../model/report.ts';
import type { FailedTarget, FindingGroup, InCommon } from '../model/report-list.ts';
import { inCommon } from './in-common.ts';
import { targetTitle, targetWord } from './target.ts';

/** So few targets are named one by one. */
const FEW = 3;

/** A finding in one target. */
interface Occurrence {
  readonly finding: Finding;
  readonly check: string;
  /** The report's place. */
  readonly place: number;
}

/** Criticals and warnings: the gravest and widest first, each followed by what it explains. */
export function groupFindings(items: readonly Report[]): FindingGroup[] {
  const bySubject = new Map<string, Occurrence[]>();
  for (const [place, { checks }] of items.entries())
    for (const { id: check, findings } of checks)
      for (const finding of findings.filter(({ severity }) => severity !== 'info'))
        add(bySubject, JSON.stringify([finding.id, finding.subject ?? null]), { finding, check, place });
  const groups = together([...bySubject.values()]).map((occurrences) => groupOf(occurrences, items));
  return causesFirst(groups.sort(compare));
}

/** Where each target has a subject of its own (its gateway, its address), the finding itself is what they share. */
function together(all: readonly Occurrence[][]): Occurrence[][] {
  const alone = new Map<string, Occurrence[]>();
  const wide: Occurrence[][] = [];
  for (const one of all) {
    const [first] = one;
    if (first !== undefined && placesOf(one).size === 1)
      for (const each of one) add(alone, first.finding.id, each);
    else wide.push(one);
  }
  return [...wide, ...alone.values()];
}

function groupOf(occurrences: readonly Occurrence[], items: readonly Report[]): FindingGroup {
  const [first] = occurrences;
  if (first === undefined) throw new Error('a group without a finding');
  const { finding, check } = first;
  const places = placesOf(occurrences);
  const looked = items.flatMap((report, place) => (hasLooked(report.checks, check) ? [place] : []));
  const targets = looked.map((place) => (items[place] as Report).target);
  const affected = new Set(looked.flatMap((place, i) => (places.has(place) ? [i] : [])));
  const common = inCommon(targets, affected);
  const subjects = new Set(occurrences.map((one) => one.finding.subject));
  const causes = new Set(occurrences.map((one) => one.finding.causedBy));
  const [cause] = causes;
  const affectedTargets = [...places].map((place) => (items[place] as Report).target);
  return {
    id: finding.id,
    severity: worst(occurrences.map((one) => one.finding.severity)),
    title: finding.title,
    ...(subjects.size === 1 && finding.subject !== undefined ? { subject: finding.subject } : {}),
    ...(causes.size === 1 && cause !== undefined ? { causedBy: cause } : {}),
    targets: affectedTargets.map(targetTitle),
    of: looked.length,
    ...(common === undefined ? {} : { inCommon: common }),
    where: whereText(
      affectedTargets.map(shortName),
      looked.length,
      nounOf(targets.map(({ kind }) => kind)),
      common,
    ),
    summary: finding.summary,
  };
}

/** Those that a target has said the same of, and what they have in common among all that were asked for. */
export interface FailureGroup {
  readonly reason: string;
  readonly where: string;
}

/** The most frequent first. */
export function groupFailures(items: readonly Report[], failed: readonly FailedTarget[]): FailureGroup[] {
  const all = [...failed, ...items.map(({ target }) => target)];
  const byReason = new Map<string, number[]>();
  for (const [place, one] of failed.entries()) add(byReason, withoutNames(one), place);
  const noun = nounOf(all.map((one) => ('kind' in one ? one.kind : kindIn(one.target))));
  return [...byReason.values()]
    .sort((a, b) => b.length - a.length)
    .map((places) => {
      const these = places.map((place) => failed[place] as FailedTarget);
      const common = inCommon(all, new Set(places));
      return {
        reason: these[0]?.reason ?? '',
        where: whereText(
          these.map(({ target }) => target.replace(/^pod\//, '')),
          all.length,
          noun,
          common,
        ),
      };
    });
}

/** Of a target as it is typed. */
export function kindIn(target: string): string {
  return /^(?:pod|node)(?=\/)/.exec(target)?.[0] ?? 'target';
}

/** The same reason in two targets differs by what is the target's own. */
function withoutNames({ target, reason, node, namespace }: FailedTarget): string {
  const own = [target, target.replace(/^[^/]+\//, ''), node, namespace].filter(
    (name): name is string => name !== undefined && name !== '',
  );
  return own.reduce((text, name) => text.replaceAll(name, '…'), reason);
}

/** "12 of 40 pods, all on node7 (of 15 there)", "2 of 40 pods: web-1, web-2". */
function whereText(names: readonly string[], of: number, noun: string, common: InCommon | undefined): string {
  const count = names.length;
  if (count === of) return of === 1 ? `the one ${noun}` : `all ${of} ${noun}s`;
  const part = `${count} of ${of} ${noun}s`;
  if (common !== undefined) return `${part}, ${commonText(common, count)}`;
  return count <= FEW ? `${part}: ${names.join(', ')}` : part;
}

function commonText({ trait, values, others }: InCommon, count: number): string {
  const word = { node: 'on', zone: 'in zone', owner: 'of', namespace: 'in namespace' }[trait];
  const all = count === 2 ? 'both' : 'all';
  const rest = others === 0 ? `all ${count} there` : `of ${count + others} there`;
  return `${all} ${word} ${values.join(' and ')} (${rest})`;
}

/** `web-0`; with its node where that is known. */
function shortName(target: TargetInfo): string {
  const name = target.kind === 'pod' ? target.name : targetWord(target);
  return target.node === undefined || target.node === '' ? name : `${name} on ${target.node}`;
}

/** What they are called together: `pod`, `node` or `target`. */
export function nounOf(all: readonly string[]): string {
  const kinds = new Set(all);
  const [kind] = kinds;
  return kinds.size === 1 && (kind === 'pod' || kind === 'node') ? kind : 'target';
}

function hasLooked(checks: readonly CheckResult[], id: string): boolean {
  return checks.some((check) => check.id === id && check.status !== 'skip' && check.status !== 'error');
}

function placesOf(occurrences: readonly Occurrence[]): Set<number> {
  return new Set(occurrences.map(({ place }) => place));
}

const ORDER: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

function worst(severities: readonly Severity[]): Severity {
  return severities.reduce((a, b) => (ORDER[a] <= ORDER[b] ? a : b), 'info');
}

function compare(a: FindingGroup, b: FindingGroup): number {
  return (
    ORDER[a.severity] - ORDER[b.severity] ||
    b.targets.length - a.targets.length ||
    order(a.id, b.id) ||
    order(a.subject ?? '', b.subject ?? '')
  );
}

/** By code units: it is the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function causesFirst(groups: readonly FindingGroup[]): FindingGroup[] {
  const sorted: FindingGroup[] = [];
  const put = (group: FindingGroup): void => {
    if (sorted.includes(group)) return;
    sorted.push(group);
    for (const one of groups) if (causeOf(one, groups) === group) put(one);
  };
  for (const group of groups) if (causeOf(group, groups) === undefined) put(group);
  // Findings that explain each other in a circle.
  for (const group of groups) put(group);
  return sorted;
}

/** The group that explains another one: of several with the ID that about the same destination, else the widest. */
export function causeOf(
  { causedBy, subject }: FindingGroup,
  groups: readonly FindingGroup[],
): FindingGroup | undefined {
  if (causedBy === undefined) return undefined;
  const causes = groups.filter(({ id }) => id === causedBy);
  return causes.find((one) => one.subject === subject) ?? causes[0];
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
