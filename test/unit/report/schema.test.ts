import { readdirSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import type { CheckResult, Report } from '../../../src/model/report.ts';
import schema from '../../../src/report/report.schema.json' with { type: 'json' };
import { reportList } from '../../../src/report/report-list.ts';
import { recordingsDir, runRecording } from '../../recordings/recordings.ts';
import { check, finding, LATENCY_MEASUREMENTS, report } from './build.ts';

const ajv = new Ajv2020({ allErrors: true, strict: true });
const validate = ajv.compile(schema);
const problems = (document: unknown): readonly string[] => {
  validate(JSON.parse(JSON.stringify(document)));
  return (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
};
const recorded = readdirSync(recordingsDir).flatMap((file) => /^run-(.+)\.json$/.exec(file)?.[1] ?? []);

describe('report.schema.json', () => {
  it('is a schema itself', () => {
    expect(ajv.validateSchema(schema)).toBe(true);
  });

  it.each(recorded)('admits the report of a recorded run: %s', (name) => {
    const { evidence, input } = runRecording(name);
    const bundle: Bundle = {
      apiVersion: 'nettools/v1',
      kind: 'Bundle',
      format: 1,
      tool: { version: '1.2.3' },
      target: report().target,
      startedAt: new Date(0).toISOString(),
      durationMs: 5,
      checks: [{ id: 'latency', input, evidence, durationMs: 5 }],
    };
    expect(problems(judge(bundle))).toEqual([]);
  });

  it('admits a report with something of everything', () => {
    const everything = [
      check('latency', {
        measurements: LATENCY_MEASUREMENTS,
        findings: [finding('NT-LAT-001', 'warning', { subject: 'a', causedBy: 'NT-LAT-002' })],
      }),
      check('dns', { status: 'skip' }),
      check('tls', { status: 'error' }),
    ];
    expect(problems(report(...everything))).toEqual([]);
    expect(problems(report())).toEqual([]);
  });

  it('admits a list of reports with something of everything', () => {
    const bad = check('dns', {
      status: 'fail',
      findings: [finding('NT-DNS-001', 'critical', { subject: 'a' })],
    });
    const on = (name: string, node: string, ...checks: CheckResult[]): Report => {
      const one = report(...checks);
      return { ...one, target: { ...one.target, name, node, owner: 'deployment/web', zone: 'a' } };
    };
    const list = reportList({
      tool: { version: '1.2.3' },
      startedAt: new Date(0).toISOString(),
      durationMs: 5,
      items: [
        ...['a', 'b', 'c', 'd'].map((name) => on(name, 'n1', bad)),
        ...['e', 'f', 'g', 'h'].map((name) => on(name, 'n2', check('dns'))),
      ],
      failed: [{ target: 'pod/x', namespace: 'shop', node: 'n1', owner: 'job/x', zone: 'a', reason: 'gone' }],
    });
    expect(list.groups[0]?.inCommon).toEqual({ trait: 'node', values: ['n1'], others: 0 });
    expect(problems(list)).toEqual([]);
    expect(problems({ ...list, items: [{}] })).not.toEqual([]);
    expect(problems({ ...list, failed: [{ target: 'pod/x' }] })).not.toEqual([]);
    expect(problems({ ...list, kind: 'Reports' })).not.toEqual([]);
  });

  const base = report(check('latency', { findings: [finding('NT-LAT-001', 'warning')] }));
  const [first] = base.checks;
  const withFinding = (rest: object) => ({
    ...base,
    checks: [{ ...first, findings: [{ ...first?.findings[0], ...rest }] }],
  });
  it.each<[string, object]>([
    ['another version', { ...base, apiVersion: 'nettools/v2' }],
    ['a member that there is not', { ...base, extra: 1 }],
    ['a time that is none', { ...base, startedAt: 'yesterday' }],
    ['half a millisecond', { ...base, durationMs: 0.5 }],
    ['a verdict that there is not', { ...base, verdict: 'maybe' }],
    ['no target', { ...base, target: undefined }],
    ['a status that there is not', { ...base, checks: [{ ...first, status: 'ok' }] }],
    ['an ID that is none', withFinding({ id: 'LAT-1' })],
    ['a severity that there is not', withFinding({ severity: 'error' })],
    ['evidence without a command', withFinding({ evidence: [{ command: [], excerpt: 'x' }] })],
    ['evidence that quotes nothing', withFinding({ evidence: [{ command: ['x'], excerpt: '' }] })],
    ['no remedy', withFinding({ remediation: '' })],
    ['a cause that is no ID', withFinding({ causedBy: 'something' })],
  ])('refuses %s', (_title, document) => {
    expect(problems(document)).not.toEqual([]);
  });
});
