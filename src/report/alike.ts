/** Findings that say the same of many destinations: one is told in full, the others by what they are about. Pure. */
import type { Finding } from '../model/report.ts';

/** One finding, and those that differ from it only in names and numbers. */
export interface Alike {
  readonly first: Finding;
  readonly others: readonly Finding[];
}

/** From so many on they are told together. */
const MANY = 3;

/** So many of them are named. */
const NAMED = 8;

/**
 * In the order of each one's first.
 * @param following what is told below a finding: those with different stories are not alike
 */
export function alike(
  findings: readonly Finding[],
  following: (finding: Finding) => readonly Finding[] = () => [],
): Alike[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const story = [finding, ...following(finding)].map(({ id, severity }) => `${id} ${severity}`);
    const key = JSON.stringify([nameless(finding), remedyOf(finding), ...story]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group): Alike[] => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    return group.length < MANY ? group.map((one) => ({ first: one, others: [] })) : [{ first, others }];
  });
}

/** "and 18 more like it: db:80, db:81 and 16 others; -o json has each"; empty where it is alone. */
export function othersText(others: readonly Finding[]): string {
  if (others.length === 0) return '';
  const subjects = [...new Set(others.flatMap(({ subject }) => subject ?? []))];
  const rest = subjects.length - NAMED;
  const names = subjects.slice(0, NAMED).join(', ');
  const named = subjects.length === 0 ? '' : `: ${names}${rest > 0 ? ` and ${rest} others` : ''}`;
  return `and ${others.length} more like it${named}; -o json has each`;
}

/** Without what it is about. All else has to be the same: the number of another rule is another remedy. */
function remedyOf({ remediation, subject }: Finding): string {
  if (subject === undefined || subject === '') return remediation;
  const host = subject.replace(/:\d+(?:\/udp)?$/, '');
  return remediation.replaceAll(subject, '…').replaceAll(host, '…');
}

/** Its words without what it is about, addresses and numbers, which differ from one to the next. */
function nameless({ summary, subject }: Finding): string {
  const text = subject === undefined || subject === '' ? summary : summary.replaceAll(subject, '…');
  return text.replace(/\b[\da-f]*:[\da-f:]*:[\da-f]*\b|[\d.]+/gi, '#');
}
