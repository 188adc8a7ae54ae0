/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import type { DirectionVerdict } from '../shared/network-policy.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { tell } from '../shared/reason.ts';
import { onceForService } from '../shared/service-story.ts';
import { Skips } from '../shared/skipped.ts';
import { portText } from './detours.ts';
import { elsewhere } from './elsewhere.ts';
import type { FirewallFacts, FirewallInput, PathFacts } from './facts.ts';
import { firewallFacts } from './gathered.ts';
import { nameOf, seen } from './path.ts';
import { policyClause } from './policy-answer.ts';
import { FIREWALL_RULES } from './rules/index.ts';

export function judgeFirewall(
  evidence: Evidence,
  input: FirewallInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = firewallFacts(evidence, input, words);
  const found = [...FIREWALL_RULES.flatMap((rule) => rule.judge(facts)), ...elsewhere(facts)];
  return conclude(evidence, {
    found: onceForService(found, input.destinations),
    skips: skipped(facts),
    measurements: measurements(facts),
    otherwise: () => outcome(facts),
    // What answers is not stopped, whatever rules, neighbours and ICMP errors there are.
    explains: /^(nft|iptables|legacy6?|table)-(before|after)$|^neighbours$|^icmp-errors$/,
  });
}

/** Why nothing can be said of a destination. */
function unclearReason(path: PathFacts): Reason | string | undefined {
  const { cause, hits, detour } = path;
  if (detour !== undefined && (cause.kind === 'open' || cause.kind === 'stalled'))
    return detour.packets === undefined && !detour.rule.isCertain
      ? `it may be the target's own ${portText(detour.rule)} that answered, to which a rule of the target may lead the connection (NT-PROXY-001)`
      : `only the target's own ${portText(detour.rule)} answered, to which a rule of the target leads the connection (NT-PROXY-001)`;
  if (cause.kind === 'unmeasured') return cause.reason;
  if (cause.kind === 'error') return `connecting failed with "${cause.error}"`;
  if (cause.kind === 'rejected' && path.destination.anyPort && hits.length === 0)
    return `port ${path.port}, which was only assumed, is refused on the way: name the port that matters (--to HOST:PORT)`;
  if (cause.kind === 'no-datagram' && hits.length === 0 && path.policy.verdict !== 'denied')
    return 'neither a datagram nor an error came back: a server that ignores this question looks like a filter';
  return undefined;
}

function skipped(facts: FirewallFacts): Skips {
  const skips = new Skips(facts.words);
  for (const path of facts.paths) skips.add(unclearReason(path), nameOf(path));
  skips.add(facts.capture.skipped, 'who sent an ICMP error');
  skips.add(facts.rules.skipped, 'the rule that stops packets (NT-FW-005)');
  skips.add(facts.counters.skipped, 'the counters of TCP and ICMP');
  for (const { what, reason } of facts.policies.unread) skips.add(reason, what);
  return skips;
}

function outcome({ paths, words }: FirewallFacts): Outcome {
  const lost = paths.find((path) => unclearReason(path) !== undefined);
  const reason = lost && unclearReason(lost);
  if (lost && reason !== undefined) {
    const told = typeof reason === 'string' ? reason : tell(reason, words);
    return { status: 'error', summary: `${nameOf(lost)} could not be judged: ${told}.` };
  }
  const [only] = paths;
  if (only === undefined) return { status: 'skip', summary: 'There is no destination to connect to.' };
  if (paths.length > 1)
    return { status: 'pass', summary: `Nothing blocks any of ${paths.length} destinations.` };
  const answer =
    only.cause.kind === 'refused'
      ? `packets get there and back (${seen(only)}; no port was asked for)`
      : `it ${seen(only)}`;
  return {
    status: 'pass',
    summary: `Nothing blocks ${nameOf(only)}: ${answer}${policyClause(only.policy, words)}.`,
  };
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
        ...(t.ended === undefined ? {} : { ended: t.ended }),
      })),
      nextHop: path.hop ? { address: path.hop.neighbour, device: path.hop.device } : null,
      icmpErrors: path.icmp.map((e) => ({ from: e.sender, kind: e.kind })),
      policies: {
        verdict: path.policy.verdict,
        backends: path.policy.backends.map(({ backend, verdict }) => ({
          pod: backend?.pod ? `${backend.pod.namespace}/${backend.pod.name}` : null,
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
