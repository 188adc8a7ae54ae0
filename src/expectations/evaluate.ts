/** From what was measured to whether an expectation is met. "Could not be measured" is never met. Pure. */
import type { TestAssertion, TestOutcome } from '../model/network-test.ts';
import type { Finding } from '../model/report.ts';
import { connectionAnswer } from './connection.ts';
import { diagnosisOf, findingsAbove } from './diagnosis.ts';
import { qualityAnswers } from './quality.ts';
import { assertion, type Listener, type Question, type Seen, type Witnesses, worst } from './question.ts';

export interface Answer {
  readonly outcome: TestOutcome;
  /** One sentence. */
  readonly summary: string;
  readonly assertions: readonly TestAssertion[];
  readonly findings: readonly Finding[];
  readonly provenBy: readonly string[];
  /** Listeners that a witness has to reach before a denial is proven. */
  readonly needs: readonly Listener[];
}

export function evaluate(question: Question, seen: Seen, witnesses: Witnesses): Answer {
  const { connection, noFindingAbove } = question.expect;
  const connecting =
    connection === undefined ? undefined : connectionAnswer(connection, question, seen, witnesses);
  const assertions = [
    ...(connecting === undefined ? [] : [connecting.assertion]),
    ...qualityAnswers(question, seen),
    ...(noFindingAbove === undefined ? [] : [aboveAnswer(noFindingAbove, question, seen)]),
  ];
  const outcome = worst(assertions.map((one) => one.outcome));
  return {
    outcome,
    summary: summaryOf(assertions, outcome),
    assertions,
    findings: outcome === 'met' ? [] : diagnosisOf(question, seen),
    provenBy: connecting?.provenBy ?? [],
    needs: connecting?.needs ?? [],
  };
}

/** Nothing was measured. @param reason words that end a sentence */
export function unanswered(reason: string): Answer {
  return {
    outcome: 'unknown',
    summary: `not measured: ${reason}.`,
    assertions: [],
    findings: [],
    provenBy: [],
    needs: [],
  };
}

function aboveAnswer(limit: 'info' | 'warning', question: Question, seen: Seen): TestAssertion {
  const expected = `no finding above ${limit}`;
  const { found, unmeasured } = findingsAbove(limit, question, seen);
  const [first] = found;
  if (first !== undefined) {
    const more = found.length === 1 ? '' : `, and ${found.length - 1} more`;
    return assertion(
      'noFindingAbove',
      expected,
      'failed',
      `${first.severity} ${first.id}: ${first.title}${more}`,
    );
  }
  const [blind] = unmeasured;
  return blind === undefined
    ? assertion('noFindingAbove', expected, 'met', expected)
    : assertion('noFindingAbove', expected, 'unknown', `${blind.id}: ${blind.summary.replace(/\.$/, '')}`);
}

const LEADS: Readonly<Record<TestOutcome, string>> = {
  met: '',
  failed: 'expected ',
  notProven: 'not proven: expected ',
  unknown: 'not measured: expected ',
};

/** What decides: what is not so, or else all that was seen. Labels keep their letters, so that no sentence is begun. */
function summaryOf(assertions: readonly TestAssertion[], outcome: TestOutcome): string {
  const telling = assertions
    .filter((one) => one.outcome === outcome)
    .map(({ expected, seen }) => (outcome === 'met' ? seen : `${expected}: ${seen}`));
  return `${LEADS[outcome]}${telling.join('; ')}.`;
}
