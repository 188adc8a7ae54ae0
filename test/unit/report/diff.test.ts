/** How a difference is printed: in each format the same, and nothing of a name is more than text. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { htmlDiffText } from '../../../src/console/late-formats.ts';
import type { Diff } from '../../../src/model/diff.ts';
import { renderDiff } from '../../../src/report/diff.ts';
import schema from '../../../src/report/report.schema.json' with { type: 'json' };
import { WORDS } from './hostile.ts';

const DIFF: Diff = {
  apiVersion: 'nettools/v1',
  kind: 'Diff',
  tool: { version: '1.2.3' },
  before: { file: 'a.json', of: 'pod/web in shop', startedAt: '2026-01-02T03:04:05.678Z' },
  after: { file: 'b.json', of: 'pod/web in shop', startedAt: '2026-01-02T04:04:05.678Z' },
  verdict: 'worse',
  changes: [
    {
      kind: 'new',
      what: 'finding',
      isRegression: true,
      where: 'pod/web in shop',
      id: 'NT-FW-006',
      severity: 'critical',
      summary: 'A policy denies it: db is not reached.',
    },
    {
      kind: 'worse',
      what: 'measure',
      isRegression: true,
      where: 'pod/web in shop',
      summary: 'db, icmp: round trip 5 ms in the median of 50, now 15 ms of 50: 10 ms slower.',
      test: { name: 'Mann–Whitney U', p: 1.234e-14 },
    },
    { kind: 'gone', what: 'target', isRegression: false, where: 'pod/old', summary: 'pod/old is gone.' },
  ],
  noise: [{ where: 'pod/web in shop', text: 'db: loss 0 of 50 (0 %), now 2 of 50 (4 %).' }],
  notCompared: [{ where: 'pod/web in shop', text: 'tls: no rights' }],
  compared: { checks: 2, findings: 1, measures: 3, pairs: 0 },
  times: [{ name: 'pod/web in shop, db, icmp: round trip', beforeMs: [5, 5.1, 5.2], afterMs: [15, 15.1] }],
};

const options = { colour: false, width: 100 };

describe('a difference', () => {
  it('leads with the verdict, then what is worse, as a table', () => {
    expect(renderDiff(DIFF, 'table', options)).toMatchInlineSnapshot(`
      "before a.json: pod/web in shop, 2026-01-02T03:04:05.678Z
      after  b.json: pod/web in shop, 2026-01-02T04:04:05.678Z

      2 regressions.

      new    pod/web in shop: critical NT-FW-006 A policy denies it: db is not reached.
      worse  pod/web in shop: db, icmp: round trip 5 ms in the median of 50, now 15 ms of 50: 10 ms
        slower. (Mann–Whitney U, p < 1e-12)
      gone   pod/old: pod/old is gone.

      noise: pod/web in shop: db: loss 0 of 50 (0 %), now 2 of 50 (4 %).

      not compared: pod/web in shop: tls: no rights

      verdict: worse (compared: 2 checks, 1 finding, 3 measures)
      "
    `);
  });

  it('tells the same of many targets once', () => {
    const many: Diff = {
      ...DIFF,
      changes: ['a', 'b', 'c'].flatMap((where) =>
        DIFF.changes
          .slice(0, 2)
          .map((one) => ({ ...one, where, subject: 'db', summary: `${one.summary} ${where}` })),
      ),
      noise: ['a', 'b'].map((where) => ({ where, text: 'x' })),
    };
    const table = renderDiff(many, 'table', { ...options, width: 1000 });
    expect(table).toContain('2 regressions.');
    expect(table.match(/NT-FW-006/g)).toHaveLength(1);
    expect(table).toContain('new    3 targets, such as a: critical NT-FW-006');
    expect(table).toContain('noise: 2 targets, such as a: x');
    expect(renderDiff(many, 'junit', options).match(/<failure /g)).toHaveLength(2);
  });

  it('says the same in colours', () => {
    const painted = renderDiff(DIFF, 'table', { ...options, colour: true });
    expect(painted).toContain('\u001b[31m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(renderDiff(DIFF, 'table', options));
  });

  it('is what its schema says', () => {
    const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);
    expect(validate(DIFF), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...DIFF, extra: 1 })).toBe(false);
    expect(validate({ ...DIFF, changes: [{}] })).toBe(false);
  });

  it('is itself as JSON and YAML', () => {
    expect(JSON.parse(renderDiff(DIFF, 'json', options))).toEqual(DIFF);
    expect(load(renderDiff(DIFF, 'yaml', options))).toEqual(DIFF);
  });

  it('has a failed case for each regression in JUnit, and an error where nothing is known', () => {
    const xml = renderDiff(DIFF, 'junit', options);
    expect(xml).toContain('name="diff" tests="3" failures="2" errors="0"');
    expect(xml.match(/<failure /g)).toHaveLength(2);
    const unknown = renderDiff({ ...DIFF, verdict: 'unknown', changes: [] }, 'junit', options);
    expect(unknown).toContain('<error message="pod/web in shop: tls: no rights"/>');
  });

  it('has a row for each change in Markdown', () => {
    const markdown = renderDiff(DIFF, 'markdown', options);
    expect(markdown.match(/^\| (?:\*\*)?(?:new|worse|gone)/gm)).toHaveLength(3);
    expect(markdown).toContain('Mann–Whitney U, p &lt; 1e-12');
  });

  it('has all of it on its page, with the times before and after below each other', () => {
    const page = htmlDiffText(DIFF);
    for (const text of [
      'critical NT-FW-006 A policy denies it',
      'pod/old is gone',
      'now 2 of 50',
      'tls: no rights',
    ])
      expect(page).toContain(text);
    expect(page).toContain('before: pod/web in shop, db, icmp: round trip: median 5.1 ms');
    expect(page).toContain('after: pod/web in shop, db, icmp: round trip: median 15 ms');
  });

  it.each([
    ['worse', '2 regressions.'],
    ['unknown', 'not all could be'],
    ['better', 'something is better'],
    ['same', 'Nothing is worse.'],
  ] as const)('leads with what %s means', (verdict, text) => {
    expect(renderDiff({ ...DIFF, verdict }, 'table', options)).toContain(text);
  });

  it.each(['table', 'markdown', 'junit', 'json', 'yaml'] as const)(
    'shows nothing that hides as %s',
    (format) => {
      const side = { file: WORDS, of: WORDS, startedAt: WORDS };
      const bad: Diff = {
        ...DIFF,
        before: side,
        after: side,
        changes: DIFF.changes.map((one) => ({ ...one, where: WORDS, summary: WORDS })),
        noise: [{ where: WORDS, text: WORDS }],
        notCompared: [{ where: WORDS, text: WORDS }],
      };
      const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
      expect(renderDiff(bad, format, options)).not.toMatch(hidden);
      expect(htmlDiffText(bad)).not.toMatch(hidden);
      expect(htmlDiffText(bad)).not.toContain('<script>alert');
      if (format === 'markdown')
        expect(renderDiff(bad, format, options)).not.toMatch(/[^\\]<script|[^\\]\*\*bold/);
    },
  );
});
