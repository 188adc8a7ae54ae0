/** From the evidence of a conntrack run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, statusOf } from '../../model/report.ts';
import { Skips } from '../skipped.ts';
import { type ConntrackFacts, type ConntrackInput, grown, owner } from './facts.ts';
import { conntrackFacts } from './gathered.ts';
import { CONNTRACK_RULES } from './rules/index.ts';

const COUNTERS = ['insert_failed', 'drop', 'early_drop', 'invalid'] as const;

export function judgeConntrack(evidence: Evidence, input: ConntrackInput): Judgement {
  const facts = conntrackFacts(evidence, input);
  const problems = CONNTRACK_RULES.flatMap((rule) => rule.judge(facts));
  return {
    status: status(facts, problems),
    summary: summary(facts, problems),
    measurements: {
      table: facts.isNode ? 'node' : 'pod',
      entries: facts.after.fill?.count ?? null,
      max: facts.after.fill?.max ?? null,
      growth: facts.after.stats
        ? Object.fromEntries(COUNTERS.map((name) => [name, grown(facts, name)]))
        : null,
      translatedConnections: facts.translated.value?.length ?? null,
    },
    findings: [...problems, ...skipped(facts)],
  };
}

/** Where no rule asks for it the kernel tracks nothing, and an empty table says nothing; nor does what once was. */
function isTracking(facts: ConntrackFacts): boolean {
  const { before, after } = facts;
  const filled = (before.fill?.count ?? 0) + (after.fill?.count ?? 0) > 0;
  return filled || Object.keys(after.stats ?? {}).some((name) => grown(facts, name) > 0);
}

function isMeasured({ after }: ConntrackFacts): boolean {
  return after.fill !== undefined || after.stats !== undefined;
}

function status(facts: ConntrackFacts, problems: readonly Finding[]): CheckStatus {
  if (problems.length > 0) return statusOf(problems);
  return isMeasured(facts) && isTracking(facts) ? 'pass' : 'skip';
}

const NOT_AT_ALL = 'no connection is tracked, as no rule here asks for it';
const NOT_HERE =
  "no connection is tracked in the pod's own namespace; those of Services, NetworkPolicies and NAT are in the node's table, which a pod does not see";

function summary(facts: ConntrackFacts, problems: readonly Finding[]): string {
  const first = problems[0];
  if (first) return first.summary;
  const { fill } = facts.after;
  if (!isMeasured(facts)) return 'The kernel shows no connection tracking here.';
  if (!isTracking(facts)) return `Nothing to judge: ${facts.isNode ? NOT_AT_ALL : NOT_HERE}.`;
  const count = fill ? `${fill.count} of ${fill.max} entries` : 'an unknown number of entries';
  return `${capital(owner(facts))} holds ${count}, and no new one was refused.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function skipped(facts: ConntrackFacts): Finding[] {
  const skips = new Skips();
  if (!isMeasured(facts))
    skips.add('this kernel or container shows no nf_conntrack counters', 'connection tracking');
  else if (!isTracking(facts)) skips.add(facts.isNode ? NOT_AT_ALL : NOT_HERE, 'connection tracking');
  else {
    skips.add(facts.translated.skipped, 'stale entries of Services (NT-CT-003)');
    if (facts.translated.value && facts.onlyNamespaces)
      skips.add(
        'you may not read Services and their endpoints there',
        `stale entries of Services outside of ${facts.onlyNamespaces.join(' and ')} (NT-CT-003)`,
      );
    if (!facts.isNode) skips.add('a pod does not see it', "the node's connection table");
    if (!facts.after.stats)
      skips.add('its counters cannot be read', 'growth of drop and insert_failed (NT-CT-001, NT-CT-002)');
  }
  return skips.findings();
}
