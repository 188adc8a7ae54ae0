import { readdirSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import schema from '../../../src/report/report.schema.json' with { type: 'json' };
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
