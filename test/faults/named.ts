/** What the built binary makes of a fault. */
import { expect } from 'vitest';
import { byLead } from '../../src/model/lead.ts';
import type { Finding, Report, Severity } from '../../src/model/report.ts';
import { nettools } from '../e2e/support/cli.ts';
import { leads, problems, validReport } from '../e2e/support/report.ts';
import { recordRow } from './rows.ts';

/** Runs one check with JSON output; the report must be valid whatever it says. */
export async function checkReport(check: string, args: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await nettools([check, ...args, '-o', 'json']);
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
}

/** What is to be named first. */
export interface Expected {
  readonly id: string;
  readonly severity: Severity;
  readonly says: RegExp;
}

/** Checks that the first finding that nothing else explains is the right one, and that it can be acted on. */
export function expectFirst(report: Report, { id, severity, says }: Expected): Finding {
  const found = problems(report);
  const [first] = leads(report).sort(byLead);
  const all = found.map((f) => `${f.id} ${f.summary}`).join('\n');
  expect(first?.id, all || report.checks.map((c) => c.summary).join('\n')).toBe(id);
  if (!first) throw new Error('no finding');
  expect(first.severity).toBe(severity);
  expect(first.summary).toMatch(says);
  expect(first.evidence.length).toBeGreaterThan(0);
  for (const { command, excerpt } of first.evidence) {
    expect(command.join(' ')).not.toBe('');
    expect(excerpt).not.toBe('');
  }
  return note(report, first);
}

/** Tells what a fault was named, on the console and for docs/faults.md. */
export function note(report: Report, finding: Finding): Finding {
  console.log(`${report.checks[0]?.id} | ${finding.id} ${finding.severity} | ${finding.summary}`);
  recordRow(finding);
  return finding;
}

/** Checks that an info says this; it is no problem, and so never first. */
export function expectInfo(report: Report, id: string, says: RegExp): Finding {
  const found = report.checks.flatMap(({ findings }) =>
    findings.filter((f) => f.id === id && f.severity === 'info'),
  );
  const finding = found.find(({ summary }) => says.test(summary));
  if (!finding) throw new Error(`no ${id} says ${says}: ${found.map((f) => f.summary).join('\n')}`);
  return note(report, finding);
}

/** Checks that nothing above info is said. */
export function expectSilence(report: Report): void {
  expect(problems(report).map((f) => `${f.id} ${f.summary}`)).toEqual([]);
}
