/** The plan of a run of tests, for people. */
import type { NetworkTestPlan } from '../model/network-test.ts';
import { plainTable } from './tables.ts';
import { visible } from './text.ts';

/** Ends with a newline. */
export function planText({ sources, witnesses, problems }: NetworkTestPlan): string {
  const head = ['FROM', 'ADDS', 'EXPECTATIONS', 'DESTINATIONS', 'PROBES'];
  const rows = sources.map(({ from, adds, why, expectations, destinations, probes }) => [
    visible(from),
    visible(`${adds} (${why})`),
    String(expectations),
    String(destinations.length),
    String(probes),
  ]);
  const count = (what: string): number => sources.filter(({ adds }) => adds === what).length;
  const added = [
    [count('ephemeral container'), 'ephemeral container'],
    [count('pod on the node'), 'pod on a node'],
    [count('container'), 'container'],
  ] as const;
  const sums = added.flatMap(([n, what]) => (n === 0 ? [] : [`${n} ${n === 1 ? what : plural(what)}`]));
  return [
    ...(rows.length === 0 ? [] : [plainTable(head, rows, [2, 3, 4]), '']),
    ...(witnesses.length === 0
      ? []
      : [
          `To prove a denial, a pod on the node of ${visible(witnesses.slice(0, 5).join(', '))}${witnesses.length > 5 ? ` and ${witnesses.length - 5} more` : ''} may connect too; --witness sources leaves that out.`,
        ]),
    ...problems.map((problem) => `? ${visible(problem)}`),
    `${sums.length === 0 ? 'Nothing would be added' : `${sums.join(' and ')} would be added`}; nothing was changed.`,
    '',
  ].join('\n');
}

function plural(what: string): string {
  return what === 'pod on a node' ? 'pods on nodes' : `${what}s`;
}
