/** Reads reports of `latency -o json` and checks each one against the schema that scripts rely on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { contradictions } from '../../../src/checks/contradictions.ts';
import type { Diff } from '../../../src/model/diff.ts';
import type { MatrixReport } from '../../../src/model/matrix.ts';
import type { Finding, Report } from '../../../src/model/report.ts';
import type { ReportList } from '../../../src/model/report-list.ts';
import { repoDir } from '../../cluster/paths.ts';
import { nettools, type Outcome } from './cli.ts';

const schema = JSON.parse(readFileSync(join(repoDir, 'src/report/report.schema.json'), 'utf8')) as object;
const validate = new Ajv2020({ allErrors: true }).compile<Report | ReportList | MatrixReport | Diff>(schema);

/** Checks an object against the schema, and what it says against itself. */
export function validReport(object: unknown): Report {
  const isValid = validate(object);
  expect(validate.errors).toBeNull();
  if (!isValid || object.kind !== 'Report') throw new Error('not a report');
  // The product has turned such a pass into "not known": one that is left, or was turned, is a mistake of a rule.
  expect(contradictions(object.checks)).toEqual([]);
  expect(object.checks.filter(({ summary }) => summary.includes(' That is denied: '))).toEqual([]);
  return object;
}

/** The same for a list of reports. */
export function validList(object: unknown): ReportList {
  const isValid = validate(object);
  expect(validate.errors).toBeNull();
  if (!isValid || object.kind !== 'ReportList') throw new Error('not a list of reports');
  object.items.forEach(validReport);
  return object;
}

/** The same for a matrix. */
export function validMatrix(object: unknown): MatrixReport {
  const isValid = validate(object);
  expect(validate.errors).toBeNull();
  if (!isValid || object.kind !== 'MatrixReport') throw new Error('not a matrix');
  return object;
}

/** The same for a difference. */
export function validDiff(object: unknown): Diff {
  const isValid = validate(object);
  expect(validate.errors).toBeNull();
  if (!isValid || object.kind !== 'Diff') throw new Error('not a difference');
  return object;
}

/** Runs `latency ARGS -o json`; the report must be valid whatever it says. */
export async function latencyReport(args: readonly string[]): Promise<{ report: Report; outcome: Outcome }> {
  const outcome = await nettools(['latency', ...args, '-o', 'json']);
  expect(outcome.stdout, outcome.stderr).toMatch(/^\{/);
  return { report: validReport(JSON.parse(outcome.stdout)), outcome };
}

/** The findings of a report that name something wrong. */
export function problems(report: Report): Finding[] {
  return report.checks.flatMap(({ findings }) => findings.filter(({ severity }) => severity !== 'info'));
}

/** The findings that follow from no other. */
export const leads = (report: Report): Finding[] =>
  problems(report).filter(({ causedBy }) => causedBy === undefined);

/** Runs a check; resolves to what it says of itself that it did not look at. */
export async function notMeasured(...words: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await nettools([...words, '-o', 'json']);
  expect([0, 1], stderr).toContain(code);
  const { checks } = JSON.parse(stdout) as Report;
  return checks.flatMap(({ findings }) =>
    findings.filter(({ id }) => id === 'NT-SYS-001').map(({ summary }) => summary),
  );
}

/** One destination's measurements. */
export interface DestinationJson {
  readonly name: string;
  readonly address: string | null;
  readonly icmp: { readonly via?: string; readonly lossPercent?: number; readonly skipped?: string };
  readonly tcp: { readonly port?: string; readonly connected?: number; readonly skipped?: string };
}

export function destinations(report: Report): readonly DestinationJson[] {
  return (report.checks[0]?.measurements['destinations'] ?? []) as unknown as readonly DestinationJson[];
}
