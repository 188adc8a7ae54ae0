/** What differs between two runs, in the format that was asked for. Pure. */
import type { DiffFormat } from '../model/args.ts';
import type { Change, Diff } from '../model/diff.ts';
import { attributes, suites, xml } from './junit.ts';
import { plain } from './markdown.ts';
import { renderDocument } from './render.ts';
import { hanging } from './table.ts';
import { type Palette, palette, visible } from './text.ts';

interface DiffOptions {
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Ends with a newline. */
export function renderDiff(
  diff: Diff,
  format: Exclude<DiffFormat, 'html'>,
  { colour, width }: DiffOptions,
): string {
  switch (format) {
    case 'json':
    case 'yaml':
      return renderDocument(diff, format);
    case 'junit':
      return junit(diff);
    case 'markdown':
      return markdown(diff);
    case 'table':
      return table(diff, palette(colour), width);
  }
}

/** The verdict in one sentence. */
export function diffLead({ verdict, changes }: Diff): string {
  const count = changes.filter(({ isRegression }) => isRegression).length;
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

function textOf(change: Change): string {
  const { where, id, severity, summary } = change;
  const name = id === undefined ? '' : `${severity} ${id} `;
  const test = testText(change);
  return `${where}: ${name}${summary}${test === '' ? '' : ` (${test})`}`;
}

function table(diff: Diff, paint: Palette, width: number): string {
  const { before, after, changes, noise, notCompared, verdict } = diff;
  const side = (name: string, { file, of, startedAt }: Diff['before']): string =>
    visible(`${name} ${file}: ${of}, ${startedAt}`);
  const colour = { worse: paint.red, better: paint.green, same: paint.green, unknown: paint.yellow }[verdict];
  const lines = (label: string, how: (text: string) => string, all: readonly string[]): string =>
    all
      .map((text) => hanging({ width: label.length, painted: how(label) }, visible(text), width, ' '))
      .join('\n');
  const blocks = [
    [side('before', before), side('after ', after)].join('\n'),
    colour(diffLead(diff)),
    changes
      .map((change) => {
        const how = change.isRegression ? paint.red : change.kind === 'better' ? paint.green : paint.dim;
        return lines(change.kind.padEnd(6), how, [textOf(change)]);
      })
      .join('\n'),
    lines('noise:', paint.dim, noise),
    lines('not compared:', paint.yellow, notCompared),
    `verdict: ${colour(verdict)} (compared: ${comparedText(diff) || 'nothing'})`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function markdown(diff: Diff): string {
  const { before, after, changes, noise, notCompared, verdict } = diff;
  const list = (title: string, all: readonly string[]): string[] =>
    all.length === 0 ? [] : ['', `**${title}**`, '', ...all.map((text) => `- ${plain(text)}`)];
  return [
    `## Difference: ${verdict}`,
    '',
    plain(
      `${before.file} (${before.of}, ${before.startedAt}) and ${after.file} (${after.of}, ${after.startedAt})`,
    ),
    '',
    plain(diffLead(diff)),
    ...(changes.length === 0
      ? []
      : [
          '',
          '| | Where | What | Test |',
          '| --- | --- | --- | --- |',
          ...changes.map(
            (change) =>
              `| ${change.isRegression ? '**' : ''}${change.kind}${change.isRegression ? '**' : ''} | ${plain(change.where)} | ${plain(`${change.id === undefined ? '' : `${change.severity} ${change.id} `}${change.summary}`)} | ${plain(testText(change))} |`,
          ),
        ]),
    ...list('Noise', noise),
    ...list('Not compared', notCompared),
    '',
  ].join('\n');
}

/** A case for each regression, which failed, and one for the comparison as a whole. */
function junit(diff: Diff): string {
  const { changes, noise, notCompared, verdict, before, after } = diff;
  const failed = changes.filter(({ isRegression }) => isRegression);
  const rest = changes.filter(({ isRegression }) => !isRegression).map((one) => `${one.kind} ${textOf(one)}`);
  const isUnknown = verdict === 'unknown';
  const said = [
    ...rest,
    ...noise.map((one) => `noise: ${one}`),
    ...notCompared.map((one) => `not compared: ${one}`),
  ];
  return suites([
    `  <testsuite${attributes({ name: 'diff', tests: failed.length + 1, failures: failed.length, errors: isUnknown ? 1 : 0, skipped: 0, timestamp: after.startedAt.replace(/\.\d+Z$/, '') })}>`,
    ...failed.flatMap((change) => [
      `    <testcase${attributes({ classname: `nettools.diff.${change.what}`, name: `${change.where}: ${change.id ?? change.summary}` })}>`,
      `      <failure${attributes({ message: change.summary, type: change.id ?? change.kind })}>${xml(textOf(change))}</failure>`,
      '    </testcase>',
    ]),
    `    <testcase${attributes({ classname: 'nettools.diff', name: `${before.file} and ${after.file}` })}>`,
    ...(isUnknown
      ? [`      <error${attributes({ message: notCompared[0] ?? 'nothing could be compared' })}/>`]
      : []),
    `      <system-out>${xml([diffLead(diff), ...said].join('\n'))}</system-out>`,
    '    </testcase>',
    '  </testsuite>',
  ]);
}
