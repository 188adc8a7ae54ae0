/**
 * What a check comes to: its status and its summary, made of one fact in one place, so that they cannot say two things.
 * Pure.
 */

import type { Judgement } from '../../model/check.ts';
import { commandLine } from '../../model/command-line.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { Occurrence } from '../../model/finding.ts';
import { statusOf } from '../../model/report.ts';
import { cutReason } from './measured.ts';
import type { Skips } from './skipped.ts';

/**
 * What is to be said where no rule found a problem. `pass`: what was to be looked at was seen, and is as it should be.
 * `skip`: it cannot be measured here. `error`: it could not be measured.
 */
export interface Outcome {
  readonly status: 'pass' | 'skip' | 'error';
  /** One sentence. */
  readonly summary: string;
}

interface Parts {
  /** What the rules found. */
  readonly found: readonly Occurrence[];
  readonly skips: Skips;
  readonly measurements: Judgement['measurements'];
  /** Not asked where there is a problem. */
  readonly otherwise: () => Outcome;
  /** Commands that only explain what is wrong: where nothing is, no more would be known if they had not been cut. */
  readonly explains?: RegExp;
}

/**
 * The gravest problem is the check's status and its summary; without one, the outcome is both. A pass is of all that was
 * there to be looked at: where a part of it was cut off, it is none.
 */
export function conclude(evidence: Evidence, parts: Parts): Judgement {
  const { found, skips, measurements, otherwise, explains } = parts;
  let missed: string | undefined;
  for (const [id, result] of Object.entries(evidence)) {
    const cut = cutReason(result);
    if (cut === undefined) continue;
    const what = `all that "${commandLine(result.command)}" says`;
    skips.add(cut, what);
    if (explains?.test(id) !== true) missed ??= `${what}: ${cut}`;
  }
  const findings = [...found, ...skips.findings()];
  const worst = statusOf(found);
  const severity = worst === 'fail' ? 'critical' : 'warning';
  const first = worst === 'pass' ? undefined : found.find((finding) => finding.severity === severity);
  const { status, summary } = first
    ? { status: worst, summary: first.summary }
    : withoutGaps(seenAnything(evidence, otherwise()), missed);
  return { status, summary, measurements, findings };
}

/** Whatever a check makes of it: of nothing at all there is no pass. */
function seenAnything(evidence: Evidence, outcome: Outcome): Outcome {
  const results = Object.values(evidence);
  const isBlind = results.length > 0 && results.every(({ stdout, stderr }) => stdout === '' && stderr === '');
  return outcome.status === 'pass' && isBlind
    ? { status: 'error', summary: 'Nothing could be measured: no command printed anything.' }
    : outcome;
}

function withoutGaps(outcome: Outcome, missed: string | undefined): Outcome {
  return outcome.status === 'pass' && missed !== undefined
    ? { status: 'error', summary: `Not all could be judged (${missed}). What was seen: ${outcome.summary}` }
    : outcome;
}
