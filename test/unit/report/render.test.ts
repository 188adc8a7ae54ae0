import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { render } from '../../../src/report/render.ts';
import { check, finding, LATENCY_MEASUREMENTS, report } from './build.ts';

const options = { colour: false, width: 80, failOn: 'critical' as const };
const it1 = report(
  check('latency', {
    status: 'warn',
    measurements: LATENCY_MEASUREMENTS,
    findings: [
      finding('NT-LAT-001', 'warning', {
        summary: 'yes: "no" # \u001b[31m\u202e ünïcödé\n- x',
        evidence: [],
      }),
    ],
  }),
);

describe('render', () => {
  it('gives JSON that is the report', () => {
    const text = render(it1, 'json', options);
    expect(JSON.parse(text)).toEqual(it1);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('gives JSON that drives no terminal and hides nothing', () => {
    const summary = '\u009b31m \u202e \u{e0041} \x7f \x1b[0m ünïcödé 🙂';
    const hostile = report(check('latency', { summary }));
    const text = render(hostile, 'json', options);
    expect(JSON.parse(text)).toEqual(hostile);
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('ünïcödé 🙂');
  });

  it('gives YAML that is the report', () => {
    expect(load(render(it1, 'yaml', options))).toEqual(it1);
  });

  it('gives a report that was read back the same YAML, byte for byte', () => {
    const command = ['ping', '-c', '1', 'h'];
    const evidence = [
      { command, excerpt: 'a' },
      { command, excerpt: 'b' },
    ];
    const shared = report(check('latency', { findings: [finding('NT-LAT-002', 'critical', { evidence })] }));
    const text = render(shared, 'yaml', options);
    expect(text).not.toMatch(/[&*]ref/);
    expect(render(JSON.parse(JSON.stringify(shared)), 'yaml', options)).toBe(text);
  });

  it('gives the table', () => {
    expect(render(it1, 'table', options)).toContain('verdict: warn');
  });

  it('ends every format with one newline', () => {
    for (const format of ['json', 'yaml', 'table'] as const)
      expect(render(it1, format, options), format).toMatch(/[^\n]\n$/);
  });
});
