import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import type { NetworkTestReport, TestOutcome, TestResult } from '../../../src/model/network-test.ts';
import schema from '../../../src/report/network-test-report.schema.json' with { type: 'json' };
import { renderTests } from '../../../src/report/tests.ts';
import { finding } from './build.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-tests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function result(number: number, outcome: TestOutcome, rest: Partial<TestResult> = {}): TestResult {
  return {
    file: 'shop.yaml',
    number,
    line: number + 4,
    name: `test ${number}`,
    written: `test ${number}`,
    from: 'pod/web-0 in shop',
    to: 'svc/db:5432',
    outcome,
    summary: `Summary ${number}.`,
    assertions: [{ key: 'connection', expected: 'connected', seen: 'it is so', outcome }],
    findings: [],
    ...rest,
  };
}

function reportOf(...results: TestResult[]): NetworkTestReport {
  const count = (wanted: TestOutcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  const counts = {
    met: count('met'),
    failed: count('failed'),
    notProven: count('notProven'),
    unknown: count('unknown'),
  };
  return {
    apiVersion: 'nettools/v1',
    kind: 'NetworkTestReport',
    tool: { version: '1.2.3' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 6543,
    verdict: counts.failed > 0 ? 'fail' : counts.met === results.length ? 'pass' : 'unknown',
    counts,
    tries: 1,
    results,
  };
}

const cause = finding('NT-FW-006', 'critical', { subject: 'svc/db:5432' });
const mixed = reportOf(
  result(1, 'met', { name: 'pod/web-0 in shop → svc/db:5432' }),
  result(2, 'met', { provenBy: ['node/n1', 'pod/b in c', 'pod/c in c'], document: 2 }),
  result(3, 'failed', { findings: [cause] }),
  result(4, 'failed', { findings: [cause] }),
  result(5, 'notProven', { file: '-' }),
  result(6, 'unknown', { file: '-', dns: 'a.example' }),
);
const EVIL = '\u001b[31m# SKIP <b>&"\'\u202e]]>\n1..1\nok 9 - x\ud800|`';
const hostile = reportOf(
  result(1, 'failed', {
    name: EVIL,
    written: EVIL,
    from: EVIL,
    to: EVIL,
    summary: EVIL,
    findings: [finding('NT-X-001', 'critical', { title: EVIL, summary: EVIL, remediation: EVIL })],
  }),
  result(2, 'met', { name: EVIL, written: EVIL }),
);
const OPTIONS = { colour: false, width: 100 };
const rendered = (report: NetworkTestReport, format: Parameters<typeof renderTests>[1]): string =>
  renderTests(report, format, OPTIONS);

describe('expectations', () => {
  it('as a table', () => {
    expect(rendered(mixed, 'table')).toBe(`√ pod/web-0 in shop → svc/db:5432: Summary 1.
√ test 2 (pod/web-0 in shop → svc/db:5432): Summary 2. node/n1, pod/b in c and 1 more reach it.
× test 3 (pod/web-0 in shop → svc/db:5432): Summary 3.
  shop.yaml:7
  critical NT-FW-006  Title of NT-FW-006
    Summary of NT-FW-006.
    $ ping -c 1 h
      1 packets transmitted, 0 received
    → Mend NT-FW-006.
× test 4 (pod/web-0 in shop → svc/db:5432): Summary 4.
  shop.yaml:8
  NT-FW-006: as above
? test 5 (pod/web-0 in shop → svc/db:5432): Summary 5.
  standard input:9
? test 6 (pod/web-0 in shop → svc/db:5432): Summary 6.
  standard input:10

verdict: fail (2 met, 2 failed, 1 not proven, 1 not measured), 6.5 s
`);
  });

  it('tell how often they were measured', () => {
    const again = { ...reportOf(result(1, 'met')), tries: 3 };
    expect(rendered(again, 'table')).toMatch(/\nverdict: pass \(1 met, after 3 tries\), 6\.5 s\n$/);
    expect(rendered(again, 'tap')).toMatch(/\n# 1 met, after 3 tries\n$/);
  });

  it('as JSON and YAML, as the schema has it', () => {
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    for (const one of [mixed, hostile, reportOf()]) {
      validate(JSON.parse(JSON.stringify(one)));
      expect(validate.errors).toBeNull();
    }
    expect(JSON.parse(rendered(mixed, 'json'))).toEqual(mixed);
    expect(load(rendered(mixed, 'yaml'))).toEqual(mixed);
  });

  it('as Markdown', () => {
    const text = rendered(mixed, 'markdown');
    expect(text).toMatch(/^## Network tests: fail\n/);
    expect(text).toContain('| test 3 | pod/web-0 in shop → svc/db:5432 | failed | Summary 3. |');
    expect(text).toContain('### test 3: failed (shop.yaml:7)\n\n#### critical NT-FW-006: Title of NT-FW-006');
    expect(rendered(hostile, 'markdown')).not.toMatch(/<b>|\u001b|\u202e/);
  });

  it('tell once in a table why nothing of a source was measured, and each time in what machines read', () => {
    const blind = (number: number): TestResult =>
      result(number, 'unknown', { assertions: [], summary: 'not measured: you may not get pods.' });
    const report = reportOf(blind(1), blind(2), result(3, 'unknown', { summary: 'Summary.' }));
    const text = rendered(report, 'table');
    expect(text.match(/you may not get pods/g)).toHaveLength(1);
    expect(text).toContain('? test 2 (pod/web-0 in shop → svc/db:5432): not measured: as above.');
    expect(rendered(report, 'tap').match(/you may not get pods/g)).toHaveLength(2);
  });

  it('hide nothing in a table', () => {
    expect(rendered(hostile, 'table')).not.toMatch(/\u001b|\u202e/);
  });
});

describe('TAP', () => {
  /** As perl's own parser reads it. */
  function proved(report: NetworkTestReport): { out: string; code: number } {
    const file = join(folder, 'tests.tap');
    writeFileSync(file, rendered(report, 'tap'));
    try {
      return { out: execFileSync('prove', ['-v', '--exec', 'cat', file], { encoding: 'utf8' }), code: 0 };
    } catch (error) {
      const { stdout, status } = error as { stdout: string; status: number };
      return { out: stdout, code: status };
    }
  }

  it('is read by prove', () => {
    const { out, code } = proved(mixed);
    expect(code).not.toBe(0);
    expect(out).toMatch(/Failed tests: +3-6/);
    expect(out).toMatch(/Tests: 6 Failed: 4/);
    expect(proved(reportOf(result(1, 'met'), result(2, 'met')))).toMatchObject({ code: 0 });
  });

  it('cannot be made green by a hostile name', () => {
    const { out } = proved(hostile);
    expect(out).toMatch(/Tests: 2 Failed: 1/);
    expect(out).not.toMatch(/Parse errors|TODO passed|skipped/i);
  });

  it('has the diagnosis below what is not met', () => {
    const text = rendered(mixed, 'tap');
    expect(text).toMatch(/^TAP version 13\n1\.\.6\nok 1 - /);
    const block = /not ok 3 .*\n {2}---\n([\s\S]*?)\n {2}\.\.\./.exec(text)?.[1] ?? '';
    const { outcome, message, at, diagnosis } = load(block.replace(/^ {2}/gm, '')) as Record<string, unknown>;
    expect({ outcome, message, at }).toEqual({ outcome: 'failed', message: 'Summary 3.', at: 'shop.yaml:7' });
    expect(diagnosis).toEqual([expect.stringContaining('Remedy: Mend NT-FW-006.')]);
  });
});

describe('JUnit', () => {
  it('has a suite for each file and a case for each expectation', () => {
    const text = rendered(mixed, 'junit');
    expect(text.match(/<testsuite /g)).toHaveLength(2);
    expect(text).toContain('name="shop.yaml" tests="4" failures="2" errors="0" skipped="0"');
    expect(text).toContain('name="standard input" tests="2" failures="0" errors="2" skipped="0"');
    expect(text).toContain('<failure message="Summary 3." type="NT-FW-006">');
    expect(text).toContain('<error message="Summary 5." type="not proven">');
  });

  it('calls a case the same in each run, whatever pod was measured, and tells apart those of one test', () => {
    const from = (pod: string): Partial<TestResult> => ({ from: `pod/${pod} in shop`, written: 'web → db' });
    const one = (pod: string): string => rendered(reportOf(result(1, 'met', from(pod))), 'junit');
    expect(one('web-5c4-x2')).toContain('<testcase classname="nettools.test" name="web → db">');
    expect(one('web-5c4-x2').replaceAll('web-5c4-x2', 'web-9d7-k8')).toBe(one('web-9d7-k8'));
    const both = rendered(reportOf(result(1, 'met', from('a')), result(1, 'met', from('b'))), 'junit');
    for (const pod of ['a', 'b'])
      expect(both).toContain(`name="web → db (pod/${pod} in shop → svc/db:5432)"`);
  });

  it('holds no markup but its own', () => {
    const text = rendered(hostile, 'junit');
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/u);
    const tags = new Set(Array.from(text.matchAll(/<\/?([a-z-]+)/g), ([, name]) => name));
    expect([...tags].sort()).toEqual(
      ['failure', 'properties', 'property', 'system-out', 'testcase', 'testsuite', 'testsuites'].sort(),
    );
  });
});
