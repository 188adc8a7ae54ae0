/** What differs between two runs, in the format that was asked for. Pure. */

import type { Diff } from '../model/diff.ts';
import type { DiffFormat } from '../model/diff-args.ts';
import { type ChangeGroup, groupChanges, groupRemarks } from './diff-groups.ts';
import { changeText, comparedText, diffLead, testText } from './diff-words.ts';
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

function textOf({ first, where }: ChangeGroup): string {
  const test = testText(first);
  return `${where}: ${changeText(first)}${test === '' ? '' : ` (${test})`}`;
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
    groupChanges(changes)
      .map((group) => {
        const { isRegression, kind } = group.first;
        const how = isRegression ? paint.red : kind === 'better' ? paint.green : paint.dim;
        return lines(kind.padEnd(6), how, [textOf(group)]);
      })
      .join('\n'),
    lines('noise:', paint.dim, groupRemarks(noise)),
    lines('not compared:', paint.yellow, groupRemarks(notCompared)),
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
          ...groupChanges(changes).map(({ first, where }) => {
            const kind = first.isRegression ? `**${first.kind}**` : first.kind;
            return `| ${kind} | ${plain(where)} | ${plain(changeText(first))} | ${plain(testText(first))} |`;
          }),
        ]),
    ...list('Noise', groupRemarks(noise)),
    ...list('Not compared', groupRemarks(notCompared)),
    '',
  ].join('\n');
}

/** A case for each regression, which failed, and one for the comparison as a whole. */
function junit(diff: Diff): string {
  const { changes, noise, notCompared, verdict, before, after } = diff;
  const groups = groupChanges(changes);
  const failed = groups.filter(({ first }) => first.isRegression);
  const rest = groups.filter(({ first }) => !first.isRegression);
  const isUnknown = verdict === 'unknown';
  const [gap = 'nothing could be compared'] = groupRemarks(notCompared);
  const said = [
    diffLead(diff),
    ...rest.map((group) => `${group.first.kind} ${textOf(group)}`),
    ...groupRemarks(noise).map((one) => `noise: ${one}`),
    ...groupRemarks(notCompared).map((one) => `not compared: ${one}`),
  ];
  const suite = attributes({
    name: 'diff',
    tests: failed.length + 1,
    failures: failed.length,
    errors: isUnknown ? 1 : 0,
    skipped: 0,
    timestamp: after.startedAt.replace(/\.\d+Z$/, ''),
  });
  return suites([
    `  <testsuite${suite}>`,
    ...failed.flatMap((group) => [
      `    <testcase${attributes({ classname: `nettools.diff.${group.first.what}`, name: caseName(group) })}>`,
      `      <failure${attributes({ message: group.first.summary, type: group.first.id ?? group.first.kind })}>${xml(textOf(group))}</failure>`,
      '    </testcase>',
    ]),
    `    <testcase${attributes({ classname: 'nettools.diff', name: `${before.file} and ${after.file}` })}>`,
    ...(isUnknown ? [`      <error${attributes({ message: gap })}/>`] : []),
    `      <system-out>${xml(said.join('\n'))}</system-out>`,
    '    </testcase>',
    '  </testsuite>',
  ]);
}

/** The same in each run of a gate, as long as the same is worse. */
function caseName({ first: { id, subject, summary } }: ChangeGroup): string {
  const name = [id, subject].filter((one) => one !== undefined).join(' ');
  return name === '' ? summary : name;
}
