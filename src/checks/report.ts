/** From a bundle to its report: pure, so that a saved bundle gives the same report again, byte for byte. */
import type { Bundle, GatheredCheck } from '../model/bundle.ts';
import type { Check } from '../model/check.ts';
import { type CheckResult, type Report, verdictOf } from '../model/report.ts';
import { CHECKS } from './registry.ts';

export function judge(bundle: Bundle): Report {
  const checks = bundle.checks.map(judgeOne);
  return {
    apiVersion: 'nettools/v1',
    kind: 'Report',
    tool: bundle.tool,
    target: bundle.target,
    startedAt: bundle.startedAt,
    durationMs: bundle.durationMs,
    verdict: verdictOf(checks),
    checks,
  };
}

function judgeOne({ id, input, evidence, durationMs }: GatheredCheck): CheckResult {
  const check = (CHECKS as Readonly<Record<string, Check<never>>>)[id];
  if (!check) {
    const summary = `this version has no check "${id}"`;
    return { id, status: 'error', summary, durationMs, measurements: {}, findings: [] };
  }
  const { status, summary, measurements, findings } = check.judge(evidence, input as never);
  return { id, status, summary, durationMs, measurements, findings };
}
