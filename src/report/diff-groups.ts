/** The same change of many targets, told once. Pure; nothing is escaped here. */
import type { Change, Remark } from '../model/diff.ts';

export interface ChangeGroup {
  readonly first: Change;
  /** `pod/web-0 in shop`; of several, how many and the first of them. */
  readonly where: string;
}

/** In the order of the changes. */
export function groupChanges(changes: readonly Change[]): ChangeGroup[] {
  const key = ({ kind, what, isRegression, id, severity, subject, summary }: Change): string =>
    JSON.stringify([kind, what, isRegression, id, severity, subject ?? (id === undefined ? summary : '')]);
  return [...groups(changes, key)].map((all) => ({ first: all[0] as Change, where: whereText(all) }));
}

/** `pod/web-0 in shop: tls was not run again`, each text once. */
export function groupRemarks(remarks: readonly Remark[]): string[] {
  return [...groups(remarks, ({ text }) => text)].map((all) => `${whereText(all)}: ${all[0]?.text ?? ''}`);
}

function groups<T>(all: readonly T[], key: (one: T) => string): Iterable<T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const group = found.get(key(one));
    if (group === undefined) found.set(key(one), [one]);
    else group.push(one);
  }
  return found.values();
}

function whereText(all: readonly { readonly where: string }[]): string {
  const names = new Set(all.map(({ where }) => where));
  const [first = ''] = names;
  return names.size === 1 ? first : `${names.size} targets, such as ${first}`;
}
