/** What decides of the target's answers, from the commands that show it. Pure. */

import type { Evidence } from '../../model/evidence.ts';
import { parseRoutes, parseRules } from '../../parsers/ip-route.ts';
import { parseIptablesTables } from '../../parsers/iptables-tables.ts';
import type { AnswerBook, AnswerWays } from './answers.ts';
import { read } from './measured.ts';
import { snapshot } from './snapshots.ts';

/** After the probes, as other checks ask for the same. */
export const ANSWER_FILTERS = [
  snapshot('iptables', 'iptables-after'),
  snapshot('iptablesLegacy', 'legacy-after'),
] as const;

export const ANSWERS = [snapshot('rules'), snapshot('routes'), ...ANSWER_FILTERS] as const;

/** `undefined`: its routes could not be read. Filters may be missing. */
export function answerWays(evidence: Evidence): AnswerWays | undefined {
  const rules = read(evidence['rules'], 'ip', parseRules).value;
  const routes = read(evidence['routes'], 'ip', parseRoutes).value;
  if (rules === undefined || routes === undefined) return undefined;
  const books = (['iptables', 'legacy'] as const).flatMap((name): AnswerBook[] => {
    const result = evidence[`${name}-after`];
    const isShown = result?.status === 'exited' && result.code === 0;
    const tables = isShown ? read(result, 'iptables-save', parseIptablesTables).value : undefined;
    const tool = name === 'legacy' ? 'iptables-legacy' : 'iptables';
    return result === undefined || tables === undefined ? [] : [{ tool, tables, command: result.command }];
  });
  return { rules, routes, books };
}
