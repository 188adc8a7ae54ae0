/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { onceForService } from '../service-story.ts';
import { Skips } from '../skipped.ts';
import { elsewhere } from './elsewhere.ts';
import type { FirewallFacts, FirewallInput, PathFacts } from './facts.ts';
import { firewallFacts } from './gathered.ts';
import type { DirectionVerdict } from './network-policy.ts';
import { nameOf, seen } from './path.ts';
import { policyText } from './policy-answer.ts';
import { FIREWALL_RULES } from './rules/index.ts';

export function judgeFirewall(evidence: Evidence, input: FirewallInput): Judgement {
  const facts = firewallFacts(evidence, input);
  const found = [...FIREWALL_RULES.flatMap((rule) => rule.judge(facts)), ...elsewhere(facts)];
  const findings = [...onceForService(found, input.destinations), ...skipped(facts)];
  const worst = statusOf(findings);
  const unclear = facts.paths.filter((path) => unclearReason(path) !== undefined);
  const status: CheckStatus = worst === 'pass' && unclear.length > 0 ? 'error' : worst;
  return { status, summary: summary(facts, findings, unclear), measurements: measurements(facts), findings };
}

/** Why nothing can be said of a destination. */
function unclearReason(path: PathFacts): string | undefined {
  const { cause, hits } = path;
  if (cause.kind === 'unmeasured') return cause.reason;
  if (cause.kind === 'error') return `connecting failed with "${cause.error}"`;
  if (cause.kind === 'rejected' && path.destination.anyPort && hits.length === 0)
    return `port ${path.port}, which nobody asked for, is refused on the way: ask for the one that matters (--to HOST:PORT)`;
  if (cause.kind === 'no-datagram' && hits.length === 0 && path.policy.verdict !== 'denied')
    return 'no datagram came back, and no error: a server that does not answer this question looks like a filter';
  return undefined;
}

function skipped(facts: FirewallFacts): Finding[] {
  const skips = new Skips();
  for (const path of facts.paths) skips.add(unclearReason(path), nameOf(path));
  skips.add(facts.capture.skipped, 'who sent an ICMP error');
  skips.add(facts.rules.skipped, 'the rule that stops packets (NT-FW-005)');
  skips.add(facts.rules.value?.incomplete, 'some rules of nftables');
  for (const { what, reason } of facts.policies.unread) skips.add(reason, what);
  return skips.findings();
}

function summary(facts: FirewallFacts, findings: readonly Finding[], unclear: readonly PathFacts[]): string {
  const first =
    findings.find((f) => f.severity === 'critical') ?? findings.find((f) => f.severity === 'warning');
  if (first) return first.summary;
  const [lost] = unclear;
  if (lost) return `${nameOf(lost)} could not be judged: ${unclearReason(lost)}.`;
  const [only] = facts.paths;
  if (only && facts.paths.length === 1) {
    const answer =
      only.cause.kind === 'refused'
        ? `packets get there and back (${seen(only)}; no port was asked for)`
        : `it ${seen(only)}`;
    return `Nothing blocks ${nameOf(only)}: ${answer}; ${policyText(only.policy)}.`;
  }
  return `Nothing blocks any of ${facts.paths.length} destinations.`;
}

function measurements(facts: FirewallFacts): { readonly [key: string]: Json } {
  return {
    destinations: facts.paths.map((path) => ({
      name: path.destination.label,
      protocol: path.destination.protocol,
      address: path.address,
      port: path.port,
      cause: path.cause.kind,
      seen: seen(path),
      tries: (path.reach.value?.tries ?? []).map((t) => ({
        outcome: t.outcome,
        ms: t.ms,
        ...(t.error === undefined ? {} : { error: t.error }),
      })),
      nextHop: path.hop ? { address: path.hop.neighbour, device: path.hop.device } : null,
      icmpErrors: path.icmp.map((e) => ({ from: e.sender, kind: e.kind })),
      policies: {
        verdict: path.policy.verdict,
        backends: path.policy.backends.map(({ backend, verdict }) => ({
          pod: backend ? `${backend.pod.namespace}/${backend.pod.name}` : null,
          verdict: verdict.verdict,
          egress: directionJson(verdict.egress),
          ingress: directionJson(verdict.ingress),
        })),
      },
    })),
    listenedForIcmp: facts.capture.value !== undefined,
    rulesRead: facts.rules.value !== undefined,
    invalidPackets: facts.invalid ?? null,
  };
}

function directionJson({ verdict, selecting, allowing }: DirectionVerdict): Json {
  return { verdict, selecting, allowing };
}
