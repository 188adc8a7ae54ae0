/** The pattern of thousands of made matrices: which faults are found, and what is said where there is none. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { patternOf } from '../../../../src/checks/matrix/pattern.ts';
import { FAULTS, type Fault, matrixOf, type Noise, numbers, worldOf } from './generate.ts';

const RUNS = 60;
const CALM: Noise = { unmeasured: 0, loss: 0, through: 0 };
const NOISY: Noise = { unmeasured: 0.1, loss: 0.003, through: 0.02 };

interface Score {
  runs: number;
  found: number;
  right: number;
  told: number;
}

function isExpected(one: { id: string; subject?: string }, { expected }: Fault): boolean {
  return expected.some(
    ({ id, subject }) => id === one.id && (subject === undefined || subject === one.subject),
  );
}

/** Runs with one fault each, of all kinds. */
function scores(noise: Noise, seed: number): Map<string, Score> {
  const random = numbers(seed);
  const all = new Map<string, Score>();
  for (const make of FAULTS)
    for (let run = 0; run < RUNS; run++) {
      let world = worldOf(random);
      let fault = make(random, world);
      for (let tries = 0; fault === undefined && tries < 200; tries++) {
        world = worldOf(random);
        fault = make(random, world);
      }
      if (fault === undefined) throw new Error('no world for this fault');
      const { name } = fault;
      const score = all.get(name) ?? { runs: 0, found: 0, right: 0, told: 0 };
      const told = patternOf(matrixOf(random, world, [fault], noise));
      const right = told.filter((one) => isExpected(one, fault));
      score.runs++;
      if (fault.expected.length === 0 ? told.length === 0 : right.length > 0) score.found++;
      score.right += right.length;
      score.told += told.length;
      all.set(name, score);
    }
  return all;
}

const percent = (part: number, of: number): string =>
  of === 0 ? '–' : `${((100 * part) / of).toFixed(1)} %`;

function tableText(calm: Map<string, Score>, noisy: Map<string, Score>): string {
  const row = (name: string, a: Score, b: Score): string =>
    `| ${name} | ${a.runs} | ${percent(a.found, a.runs)} | ${percent(a.right, a.told)} | ${percent(b.found, b.runs)} | ${percent(b.right, b.told)} |`;
  const empty = (): Score => ({ runs: 0, found: 0, right: 0, told: 0 });
  return [
    '| Fault | Runs | Recall | Precision | Recall, noisy | Precision, noisy |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...[...calm].map(([name, score]) => row(name, score, noisy.get(name) ?? empty())),
  ].join('\n');
}

describe('the pattern of a matrix', () => {
  const calm = scores(CALM, 1);
  const noisy = scores(NOISY, 2);

  it('is found whole where nothing disturbs, and nothing else is told', () => {
    for (const [name, { runs, found, right, told }] of calm) {
      // Of ten echo requests all may get through where one in five is lost.
      if (/loss/.test(name)) {
        expect(found / runs, name).toBeGreaterThanOrEqual(0.95);
        expect(right / told, name).toBeGreaterThanOrEqual(0.95);
        continue;
      }
      expect(`${name}: ${found} of ${runs}`).toBe(`${name}: ${runs} of ${runs}`);
      expect(`${name}: ${right} of ${told}`).toBe(`${name}: ${told} of ${told}`);
    }
  });

  it('is found among pairs that were not measured, that got through, and that lost a packet by chance', () => {
    const sum = { runs: 0, found: 0, right: 0, told: 0 };
    for (const [name, score] of noisy) {
      const { runs, found, right, told } = score;
      expect(found / runs, name).toBeGreaterThanOrEqual(0.9);
      if (told > 0) expect(right / told, name).toBeGreaterThanOrEqual(0.8);
      for (const part of ['runs', 'found', 'right', 'told'] as const) sum[part] += score[part];
    }
    expect(sum.found / sum.runs).toBeGreaterThanOrEqual(0.98);
    expect(sum.right / sum.told).toBeGreaterThanOrEqual(0.97);
    expect(noisy.get('healthy')).toEqual({ runs: RUNS, found: RUNS, right: 0, told: 0 });
  });

  it('has its table in the docs', () => {
    const page = readFileSync(new URL('../../../../docs/matrix.md', import.meta.url), 'utf8');
    expect(page).toContain(tableText(calm, noisy));
  });
});
