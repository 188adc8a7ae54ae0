/** What differs between two runs as a page. Pure. */
import type { Change, Diff } from '../../model/diff.ts';
import { groupChanges, groupRemarks } from '../diff-groups.ts';
import { changeText, comparedText, diffLead, testText } from '../diff-words.ts';
import { distributions } from './distribution.ts';
import { html, type Part } from './markup.ts';
import { type PageOptions, page } from './page.ts';
import { grid } from './tables.ts';

/** Ends with a newline. */
export function renderHtmlDiff(diff: Diff, options: PageOptions): string {
  const { before, after, verdict, changes, noise, notCompared, times, tool } = diff;
  const series = times.flatMap(({ name, beforeMs, afterMs }) => [
    { name: `before: ${name}`, ms: beforeMs },
    { name: `after: ${name}`, ms: afterMs },
  ]);
  return page(
    {
      title: 'Difference',
      verdict,
      facts: [
        ['before', `${before.file} (${before.of}, ${before.startedAt})`],
        ['after', `${after.file} (${after.of}, ${after.startedAt})`],
        ['compared', comparedText(diff) || 'nothing'],
        ['by', `kubectl-nettools ${tool.version}`],
      ],
      body: html`<p class="lead">${diffLead(diff)}</p>
${
  changes.length === 0
    ? undefined
    : html`<section aria-labelledby="changes"><h2 id="changes">Changes</h2>${grid(
        ['Change', 'Where', 'What', 'Test'],
        groupChanges(changes).map(({ first, where }) => [
          html`<strong class="badge ${colourOf(first)}">${first.kind}</strong>`,
          where,
          changeText(first),
          testText(first),
        ]),
        'Changes',
      )}</section>`
}
${series.length === 0 ? undefined : html`<section aria-labelledby="times"><h2 id="times">Times that changed</h2>${distributions(series, 'Times before and after')}</section>`}
${listPart('noise', 'Noise: chance alone makes as much', groupRemarks(noise))}
${listPart('not-compared', 'Not compared', groupRemarks(notCompared))}`,
    },
    options,
  );
}

function colourOf({ isRegression, kind, what }: Change): string {
  if (isRegression) return 'worse';
  return kind === 'better' || (kind === 'gone' && what === 'finding') ? 'better' : 'same';
}

function listPart(id: string, title: string, all: readonly string[]): Part {
  if (all.length === 0) return undefined;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><ul>${all.map((one) => html`<li>${one}</li>`)}</ul></section>`;
}
