/** Runs `test -f` on a file that is written for it, and checks what it prints against the schema that scripts rely on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { NetworkTestReport, TestResult } from '../../../src/model/network-test.ts';
import { repoDir } from '../../cluster/paths.ts';
import { nettools, type Outcome } from './cli.ts';

const schema = JSON.parse(
  readFileSync(join(repoDir, 'src/report/network-test-report.schema.json'), 'utf8'),
) as object;
const validate = new Ajv2020({ allErrors: true }).compile<NetworkTestReport>(schema);

/** A file with these tests, one to a line. */
export function testFile(namespace: string, tests: readonly string[]): string {
  const head = `apiVersion: nettools/v1\nkind: NetworkTest\nmetadata: {name: e2e, namespace: ${namespace}}\ntests:\n`;
  return head + tests.map((line) => `  - ${line}\n`).join('');
}

/** Runs the tests with JSON output; the report must be valid whatever it says. */
export async function networkTest(
  namespace: string,
  tests: readonly string[],
  ...flags: readonly string[]
): Promise<{ readonly report: NetworkTestReport; readonly outcome: Outcome }> {
  const input = testFile(namespace, tests);
  const outcome = await nettools(['test', '-f', '-', '-o', 'json', ...flags], { input });
  expect(outcome.stdout, outcome.stderr).toMatch(/^\{/);
  const report: unknown = JSON.parse(outcome.stdout);
  const isValid = validate(report);
  expect(validate.errors).toBeNull();
  if (!isValid) throw new Error('not a report of tests');
  return { report, outcome };
}

/** `outcome: summary` of each result, for messages. */
export function told({ results }: NetworkTestReport): string {
  return results.map(({ name, outcome, summary }) => `${name}: ${outcome}: ${summary}`).join('\n');
}

export function findingIds({ findings }: Pick<TestResult, 'findings'>): string[] {
  return findings.map(({ id }) => id);
}
