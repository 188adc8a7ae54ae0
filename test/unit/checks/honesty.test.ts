/** What a check says of evidence that is not all there: nothing that it did not see. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/registry.ts';
import { SKIPPED } from '../../../src/checks/shared/skipped.ts';
import type { Judgement } from '../../../src/model/check.ts';
import type { ProbeResult } from '../../../src/model/evidence.ts';
import { statusOf } from '../../../src/model/report.ts';
import { CASES, type Case, judgeCase } from './cases.ts';

/** What may become of a command's result on its way here. */
const MUTATIONS: Readonly<Record<string, (result: ProbeResult) => ProbeResult | undefined>> = {
  'was not part of the run': () => undefined,
  'has no tool': (r) => ({ ...r, status: 'missing', code: 127, stdout: '', stderr: '' }),
  'came to nothing in its time': (r) => ({ ...r, status: 'timeout', code: 124, stdout: '', stderr: '' }),
  'printed nothing': (r) => ({ ...r, status: 'exited', code: 0, stdout: '', stderr: '' }),
  'failed without a word': (r) => ({ ...r, status: 'exited', code: 1, stdout: '', stderr: '' }),
  'was refused': (r) => ({
    ...r,
    status: 'exited',
    code: 1,
    stdout: '',
    stderr: 'Operation not permitted\n',
  }),
  'was lost on a full disk': (r) => ({
    ...r,
    status: 'exited',
    code: 255,
    durationMs: 0,
    stdout: '',
    stderr: '',
  }),
  'printed something else': (r) => ({ ...r, status: 'exited', code: 0, stdout: 'hello\n', stderr: '' }),
};

/** The output is longer than a run carries, and its end is gone. */
function cut(result: ProbeResult, share: number): ProbeResult {
  const stdout = result.stdout.slice(0, Math.floor(result.stdout.length * share));
  return { ...result, status: 'exited', code: 153, stdout, truncated: true };
}

function changed(one: Case, id: string, result: ProbeResult | undefined): Case {
  const { [id]: _gone, ...rest } = one.evidence;
  return { ...one, evidence: result === undefined ? rest : { ...rest, [id]: result } };
}

function allChanged(one: Case, change: (result: ProbeResult) => ProbeResult | undefined): Case {
  const entries = Object.entries(one.evidence).flatMap(([id, result]) => {
    const now = change(result);
    return now === undefined ? [] : [[id, now] as const];
  });
  return { ...one, evidence: Object.fromEntries(entries) };
}

const FAILURE =
  /could not|cannot|may not be read|not (?:be )?(?:read|measured|known|asked|judged|looked up)|[Nn]othing (?:could|was|can)|\bno (?:answer|destination answered)|^No (?:name server|destination|route|connection)|\bunknown\b|undefined|NaN|Infinity|did not|\bnone of \d|\b0 of [1-9]\d* (?!ephemeral)/;

/** The summary and the status are of one fact. */
function consistent({ status, summary, findings }: Judgement): string | undefined {
  const worst = statusOf(findings);
  if (status === 'fail' || status === 'warn') {
    if (worst !== status) return `${status}, and its findings come to ${worst}`;
    const severity = status === 'fail' ? 'critical' : 'warning';
    return findings.some((f) => f.severity === severity && f.summary === summary)
      ? undefined
      : `${status}, and its summary is no ${severity} finding's: ${summary}`;
  }
  if (worst !== 'pass') return `${status}, with findings that come to ${worst}`;
  if (status === 'pass' && FAILURE.test(summary)) return `pass: ${summary}`;
  // A reason that was not told in words.
  if (findings.some((f) => f.summary.includes('[object'))) return JSON.stringify(findings);
  return /undefined|NaN|Infinity|\[object/.test(summary) ? summary : undefined;
}

/** Everything but what says that it was not looked at; NT-FW-009 acquits, and counts as a finding here. */
const told = ({ findings }: Judgement): string[] =>
  findings
    .filter((f) => f.id !== SKIPPED.id && (f.severity !== 'info' || f.id === 'NT-FW-009'))
    .map((f) => `${f.id} ${f.severity} ${f.subject ?? ''}`);

const notMeasured = ({ findings }: Judgement): string =>
  findings.flatMap((f) => (f.id === SKIPPED.id ? [f.summary] : [])).join('\n');

it('reads what a command printed in one place, which knows what was cut', () => {
  const folder = join(import.meta.dirname, '../../../src/checks');
  // quote.ts quotes, and judgement.ts asks whether there is anything at all. The series of probes are refused when cut.
  const allowed = new Set(
    ['measured', 'quote', 'judgement', 'reach-probe'].map((name) => `shared/${name}.ts`),
  );
  const others = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') &&
      !allowed.has(file) &&
      /\.stdout\b/.test(readFileSync(join(folder, file), 'utf8')),
  );
  expect(others).toEqual([]);
});

it('has a run of each check that passes', () => {
  const passing = new Set(CASES.flatMap((one) => (judgeCase(one).status === 'pass' ? [one.check] : [])));
  expect(Object.keys(CHECKS).filter((id) => !passing.has(id as never))).toEqual([]);
});

describe.each(CASES)('$name', (one) => {
  const base = judgeCase(one);

  it('says one thing', () => expect(consistent(base)).toBeUndefined());

  it.each(Object.entries(MUTATIONS))('says one thing where a result %s', (_what, change) => {
    const wrong = Object.entries(one.evidence).flatMap(([id, result]) => {
      const said = consistent(judgeCase(changed(one, id, change(result))));
      return said === undefined ? [] : [`${id}: ${said}`];
    });
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(MUTATIONS))(
    'neither passes nor finds more where every result %s',
    (_what, change) => {
      const judged = judgeCase(allChanged(one, change));
      expect(consistent(judged)).toBeUndefined();
      expect(judged.status, judged.summary).not.toBe('pass');
      expect(told(base)).toEqual(expect.arrayContaining(told(judged)));
    },
  );

  it.each([0.5, 0.9, 1])('finds and acquits nothing where a result is cut at %d of its length', (share) => {
    const wrong = Object.entries(one.evidence).flatMap(([id, result]) => {
      if (result.stdout === '') return [];
      const judged = judgeCase(changed(one, id, cut(result, share)));
      // That an endpoint fails is as true as why (NT-SVC-002), when its other ports are not known.
      const isKnown = (finding: string): boolean =>
        told(base).includes(finding) || told(base).includes(finding.replace('NT-SVC-007', 'NT-SVC-002'));
      const more = told(judged).filter((finding) => !isKnown(finding));
      const lost = told(base).filter((finding) => !told(judged).includes(finding));
      const isTold = judged.status === 'error' || judged.status === 'skip' || /cut/.test(notMeasured(judged));
      return [
        consistent(judged) ?? [],
        more.length === 0 ? [] : `finds ${more.join(', ')}`,
        isTold ? [] : `says nothing of it: ${judged.status} ${judged.summary}`,
        lost.length > 0 && judged.status === 'pass' ? `acquits of ${lost.join(', ')}` : [],
      ].flatMap((text) => (Array.isArray(text) ? text : [`${id}: ${text}`]));
    });
    expect(wrong).toEqual([]);
  });

  it('neither passes nor finds more where all is cut', () => {
    const judged = judgeCase(allChanged(one, (result) => cut(result, 0.9)));
    expect(consistent(judged)).toBeUndefined();
    expect(judged.status, judged.summary).not.toBe('pass');
    expect(told(base)).toEqual(expect.arrayContaining(told(judged)));
  });
});

/** One of each check: judging a megabyte of a hundred runs takes minutes. */
const ONE_OF_EACH = [...new Map([...CASES].reverse().map((one) => [one.check, one])).values()];

it.each(ONE_OF_EACH)('$name is judged whatever a command printed a megabyte of', (one) => {
  for (const [id, result] of Object.entries(one.evidence)) {
    const { stdout } = result;
    const lines = (stdout || 'x\n').repeat(Math.ceil(1_048_576 / (stdout.length || 2)));
    for (const long of [lines, lines.replaceAll('\n', ' ')]) {
      const judged = judgeCase(changed(one, id, { ...result, stdout: long.slice(0, 1_048_576) }));
      expect(judged.summary, id).not.toMatch(/undefined|NaN|Infinity/);
    }
  }
});
