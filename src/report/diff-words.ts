/** The words in which a difference is told, whatever it is printed as. Pure; nothing is escaped here. */
import type { Change, Diff } from '../model/diff.ts';
import { groupChanges } from './diff-groups.ts';

/** The verdict in one sentence. */
export function diffLead({ verdict, changes }: Diff): string {
  const count = groupChanges(changes.filter(({ isRegression }) => isRegression)).length;
  switch (verdict) {
    case 'worse':
      return `${count} ${count === 1 ? 'regression' : 'regressions'}.`;
    case 'unknown':
      return 'Nothing is worse in what could be compared; not all could be.';
    case 'better':
      return 'Nothing is worse, and something is better.';
    case 'same':
      return 'Nothing is worse.';
  }
}

/** What was compared, in words. */
export function comparedText({ compared: { checks, findings, measures, pairs } }: Diff): string {
  return [
    [checks, 'check'],
    [findings, 'finding'],
    [measures, 'measure'],
    [pairs, 'pair'],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, word]) => `${count} ${word}${count === 1 ? '' : 's'}`)
    .join(', ');
}

/** `Mann–Whitney U, p = 1.2e-14`; empty where nothing was tested. */
export function testText({ test }: Change): string {
  if (test === undefined) return '';
  // What is smaller than any number of pairs that there could be is none.
  return `${test.name}, p ${test.p < 1e-12 ? '< 1e-12' : `= ${Number(test.p.toPrecision(2))}`}`;
}

/** What is told of a change besides where it is. */
export function changeText({ id, severity, causedBy, summary }: Change): string {
  const name = id === undefined ? '' : `${severity} ${id} `;
  const cause = causedBy === undefined ? '' : ` It follows from ${causedBy}.`;
  return `${name}${summary}${cause}`;
}
