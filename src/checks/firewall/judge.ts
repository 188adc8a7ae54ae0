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
import { astrayWay } from './astray-datagrams.ts';
import { portText } from './detours.ts';
import { elsewhere } from './elsewhere.ts';
import type { FirewallFacts, FirewallInput, PathFacts } from './facts.ts';
import { firewallFacts } from './gathered.ts';
import { type MarkedWay, markedText } from './marked-way.ts';
import { nameOf, seen } from './path.ts';
import { policyClause } from './policy-answer.ts';
import { FIREWALL_RULES } from './rules/index.ts';
import { heardFrom } from './unbound.ts';

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
function unclearReason(path: PathFacts, { signOfProxy }: FirewallFacts): Reason | string | undefined {
  const { cause, hits, detour } = path;
  const led = ledReason(path, signOfProxy);
  if (led !== undefined) return led;
  if (detour !== undefined && (cause.kind === 'open' || cause.kind === 'stalled'))
    return detour.packets === undefined && !detour.rule.isCertain
      ? `it may be the target's own ${portText(detour.rule)} that answered, to which a rule of the target may lead the connection (NT-PROXY-001)`
      : `only the target's own ${portText(detour.rule)} answered, to which a rule of the target leads the connection (NT-PROXY-001)`;
  if (cause.kind === 'unmeasured') return cause.reason;
  if (cause.kind === 'error') return `connecting failed with "${cause.error}"`;
  if (cause.kind === 'rejected' && path.destination.anyPort && hits.length === 0)
    return `port ${path.port}, which was only assumed, is refused on the way: name the port that matters (--to HOST:PORT)`;
  if (cause.kind === 'no-datagram' && isHeardElsewhere(path)) return undefined;
  if (cause.kind === 'no-datagram' && hits.length === 0 && path.policy.verdict !== 'denied')
    return 'neither a datagram nor an error came back: a server that ignores this question looks like a filter';
  return undefined;
}

/** Its server answers, and not as it was asked (NT-SVC-029). */
function isHeardElsewhere(path: PathFacts): boolean {
  return heardFrom(path.unbound.own)?.differs === 'address' || astrayWay(path) !== undefined;
}

/** The port of the target that a connection came to. */
function portOf({ taker }: MarkedWay): number | undefined {
  return taker?.fallsTo ?? taker?.port;
}

/** Something answered, and it may have been a proxy of the target. */
function ledReason({ cause, marked, address, hop }: PathFacts, sign: string | undefined): string | undefined {
  if (cause.kind !== 'open' && cause.kind !== 'stalled') return undefined;
  const isOwn = address === hop?.source || /^(127\.|::1$)/.test(address);
  if (marked?.kind === 'unknown')
    return `${markedText(marked)}, and where that leads could not be read, so that a proxy of the target may have answered`;
  if (marked?.kind === 'here')
    return marked.isCertain
      ? `only the target's own port ${portOf(marked)} answered, to which its rules lead the connection (NT-PROXY-001)`
      : `it may be the target's own port ${portOf(marked)} that answered, to which its rules may lead the connection (NT-PROXY-001)`;
  return sign === undefined || isOwn
    ? undefined
    : `a proxy of the target may have answered in its place, and its rules may not be read: ${sign}`;
}

function skipped(facts: FirewallFacts): Skips {
  const skips = new Skips(facts.words);
  for (const path of facts.paths) skips.add(unclearReason(path, facts), nameOf(path));
  for (const path of facts.paths) {
    const { greeting, cause } = path;
    if (cause.kind === 'open')
      skips.add(
        greeting?.greeting.skipped,
        `how long the server of ${nameOf(path)} takes for its first bytes`,
      );
  }
  skips.add(facts.capture.skipped, 'who sent an ICMP error');
  skips.add(facts.rules.skipped, 'the rule that stops packets (NT-FW-005)');
  skips.add(facts.counters.skipped, 'the counters of TCP and ICMP');
  for (const { what, reason } of facts.policies.unread) skips.add(reason, what);
  return skips;
}

function outcome(facts: FirewallFacts): Outcome {
  const { paths, words } = facts;
  const lost = paths.find((path) => unclearReason(path, facts) !== undefined);
  const reason = lost && unclearReason(lost, facts);
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
