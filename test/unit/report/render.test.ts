import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { tablesOf } from '../../../src/checks/tables.ts';
import { render } from '../../../src/report/render.ts';
import { check, finding, LATENCY_MEASUREMENTS, report } from './build.ts';

const options = { colour: false, width: 80, failOn: 'critical' as const, tablesOf };
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

  // Bidirectional controls of all kinds, a tag, separators of lines, C0, C1 and DEL; and half of a surrogate pair.
  const HIDDEN =
    '\u202a\u202e\u2066\u2069\u200f\u061c\ufeff\u{e0041}\u2028\u2029\u0085\u009b31m\x07\x7f\x1b[0m';

  it.each(['json', 'yaml', 'table', 'markdown', 'junit'] as const)(
    'shows nothing that hides as %s',
    (format) => {
      const hostile = report(
        check('latency', {
          summary: `a ${HIDDEN} b`,
          measurements: { destinations: [], [`key ${HIDDEN}`]: `line\n${HIDDEN}: 'x' "y" # z\n` },
          findings: [
            finding('NT-LAT-001', 'warning', {
              summary: HIDDEN,
              evidence: [{ command: ['ip', HIDDEN], excerpt: `${HIDDEN}\n${HIDDEN}` }],
            }),
          ],
        }),
      );
      const text = render(hostile, format, options);
      expect(text).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      if (format === 'json') expect(JSON.parse(text)).toEqual(hostile);
      if (format === 'yaml') expect(load(text)).toEqual(hostile);
    },
  );

  it.each([
    'hidden.0.',
    'hidden-hidden.0. \u202e',
    ' \u202e ',
    '\u202e\\u202e',
    '\ud800',
    '- \u202e: &a *b !c',
    'plain ünïcödé 🙂',
    '\ttab\nline\n',
  ])('gives back %j as YAML', (summary) => {
    const one = report(check('latency', { summary }));
    expect(load(render(one, 'yaml', options))).toEqual(one);
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
