/** `matrix`: what one source reaches. What all of them say together is judged by `pattern.ts`. */
import type { Check } from '../../model/check.ts';
import type { Json } from '../../model/report.ts';
import { conclude } from '../shared/judgement.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { Skips } from '../shared/skipped.ts';
import { type MatrixInput, planMatrix } from './plan.ts';
import { type RowCell, rowOf } from './row.ts';
import { MATRIX_PATTERNS } from './rules/index.ts';

const matrix: Check<MatrixInput> = {
  id: 'matrix',
  findings: MATRIX_PATTERNS.map(({ meta }) => meta),
  plan: planMatrix,
  judge: (evidence, input, words = POD_WORDS) => {
    const row = rowOf(evidence, input, words);
    const reached = row.cells.filter(isReached).length;
    const unknown = row.cells.filter((cell) => !isKnown(cell)).length;
    const of = row.cells.length;
    return conclude(evidence, {
      found: [],
      skips: new Skips(words),
      measurements: { row: row as unknown as Json },
      otherwise: () => ({
        status: of > 0 && reached === of ? 'pass' : unknown === of ? 'skip' : 'error',
        summary: `${reached} of ${of} destinations are reached by all probes${unknown === 0 ? '' : `, ${unknown} could not be measured`}.`,
      }),
    });
  },
};

export default matrix;

const NAMES = ['icmp', 'tcp', 'udp', 'full'] as const;

function isReached(cell: RowCell): boolean {
  return NAMES.every((name) => {
    const outcome = cell[name]?.outcome;
    return outcome === undefined || outcome === 'reached' || outcome === 'refused';
  });
}

function isKnown(cell: RowCell): boolean {
  return NAMES.some((name) => cell[name] !== undefined && cell[name].outcome !== 'unmeasured');
}
