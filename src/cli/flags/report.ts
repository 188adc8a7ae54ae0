import type { FailOn, OutputFormat, ReportFlags, ReportFormat } from '../../model/args.ts';
import type { Flag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import type { Values } from '../values.ts';
import { push, pushTarget } from './exposition.ts';
import { aboutOf } from './many.ts';

const output = {
  name: 'output',
  short: 'o',
  kind: 'text',
  value: 'FORMAT',
  choices: ['table', 'json', 'yaml'],
  default: 'table',
  describe: 'Format on stdout: table, json or yaml',
} as const satisfies TextFlag;
const reportOutput = {
  ...output,
  choices: ['table', 'json', 'yaml', 'junit', 'markdown', 'html', 'openmetrics'],
  describe: 'Format on stdout: table, json, yaml, junit, markdown, html or openmetrics',
} as const satisfies TextFlag;
const failOn = {
  name: 'fail-on',
  kind: 'text',
  value: 'SEVERITY',
  choices: ['critical', 'warning', 'info'],
  default: 'critical',
  describe: 'Exit with 1 at this severity or above: critical, warning or info',
} as const satisfies TextFlag;

const save: TextFlag = {
  name: 'save',
  kind: 'text',
  value: 'FILE',
  describe: 'Also save the evidence to FILE, for "judge FILE"',
};

/** For commands that print something which is not a report. */
export const outputFlags: readonly Flag[] = [output];

/** How a report is printed and what makes it fail. */
export const printFlags: readonly Flag[] = [reportOutput, failOn];

export const reportFlags: readonly Flag[] = [...printFlags, save, push];

export function outputFormat(values: Values): OutputFormat {
  return values.choice(output);
}

/** @param command the name that its metrics are pushed under; absent: it pushes none */
export function reportValues(values: Values, command?: string): ReportFlags {
  return withoutUndefined({
    output: values.choice<ReportFormat>(reportOutput),
    failOn: values.choice(failOn),
    save: saveFile(values),
    push: command === undefined ? undefined : pushTarget(command, aboutOf(values), values),
  });
}

/** What `watch` takes where nothing is said: a lost probe is an outage too. */
const DEFAULT_OF_OUTAGES: FailOn = 'warning';

/** The same flag for the outages of a watch. */
export function failOnOutage(values: Values): FailOn {
  return values.origin(failOn) === undefined ? DEFAULT_OF_OUTAGES : values.choice<FailOn>(failOn);
}

/** An empty name, as of a variable that is not set, would lose the evidence without a word. */
function saveFile(values: Values): string | undefined {
  const file = values.text(save);
  if (file === undefined && values.origin(save) !== undefined) throw usageError('--save is empty');
  return file;
}
