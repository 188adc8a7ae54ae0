/** From a bundle to its report: pure, so that a saved bundle gives the same report again, byte for byte. */
import type { Bundle, GatheredCheck } from '../model/bundle.ts';
import type { Check } from '../model/check.ts';
import { type CheckResult, type Finding, type Report, verdictOf } from '../model/report.ts';
import { byCause, linkCauses } from './causes.ts';
import { withoutContradictions } from './contradictions.ts';
import { inPlace } from './in-place.ts';
import { partOfServices } from './part-of-services.ts';
import { CHECKS } from './registry.ts';
import { PLACE_WORDS } from './shared/place-words.ts';

export function judge(bundle: Bundle): Report {
  const checks = withoutContradictions(linked(bundle.checks.map((check) => judgeOne(check, bundle))));
  return {
    apiVersion: 'nettools/v1',
    kind: 'Report',
    tool: bundle.tool,
    target: bundle.target,
    startedAt: bundle.startedAt,
    durationMs: bundle.durationMs,
    verdict: verdictOf(checks),
    checks,
    ...(bundle.cost === undefined ? {} : { cost: bundle.cost }),
  };
}

/** Causes are looked for in the whole run: a route that is missing is the routing check's, the time-out the dns check's. */
function linked(checks: readonly CheckResult[]): CheckResult[] {
  const all = linkCauses(checks.flatMap((check) => check.findings));
  const told = new Set<string>();
  let from = 0;
  return checks.map((check) => {
    const own = all.slice(from, from + check.findings.length);
    from += check.findings.length;
    // What two checks have both found is reported once, by the one that comes first; both have failed.
    const news = own.filter((finding) => !keysOf(finding).some((key) => told.has(key)));
    for (const finding of news) told.add(keysOf(finding)[0] ?? '');
    return { ...check, findings: byCause(news) };
  });
}

/**
 * What a finding is about: first its own key, then that of the wider one that covers it (no default route at all, and
 * none to this destination). NT-SYS-001 is about what its summary says.
 */
function keysOf({ id, subject, summary, severity }: Finding): string[] {
  if (severity === 'info') return [JSON.stringify([id, summary])];
  const target = JSON.stringify([id]);
  return subject === undefined ? [target] : [JSON.stringify([id, subject]), target];
}

function judgeOne(
  { id, input, evidence, durationMs }: GatheredCheck,
  { target, connection }: Bundle,
): CheckResult {
  const check = (CHECKS as Readonly<Record<string, Check<never>>>)[id];
  if (!check) {
    const summary = `this version has no check "${id}"`;
    return { id, status: 'error', summary, durationMs, measurements: {}, findings: [] };
  }
  const words = PLACE_WORDS[target.kind];
  const { status, summary, measurements, findings } = check.judge(evidence, input as never, words);
  return {
    id,
    status,
    summary: `${summary}${partOfServices(input)}`,
    durationMs,
    measurements,
    findings: inPlace(findings, target, connection),
  };
}
