/** What the NetworkPolicies say about one destination: over all pods that may answer there. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import {
  behindService,
  both,
  type DirectionVerdict,
  evaluatePolicies,
  type PolicyEnd,
  type PolicyVerdict,
} from '../shared/network-policy.ts';
import type { PolicyBackend, PolicyInput } from '../shared/policy-input.ts';
import type { PolicyAnswer } from './facts.ts';

/** @param source that the kernel chose; empty: it is not known */
export function policyAnswer(
  input: PolicyInput,
  destination: Destination,
  { address, port, source }: { readonly address: string; readonly port: number; readonly source: string },
): PolicyAnswer {
  const known = input.pods[destination.id];
  const backends: readonly (PolicyBackend | undefined)[] = known ?? [undefined];
  // Policies look behind a Service's address: what it leads to is not known, and the address itself is not a peer.
  const isBlind = known === undefined && isServiceAddress(input, destination);
  const from = { address: sourceOf(input, address, source), pod: input.self };
  const evaluated = (to: PolicyEnd, at: number): PolicyVerdict =>
    evaluatePolicies(input.policies, { from, to, port: at, protocol: destination.protocol });
  const answers = backends.map((backend) => ({
    backend,
    verdict: withUnread(
      input,
      backend,
      blind(isBlind, evaluated(backend ?? { address }, backend?.port ?? port)),
    ),
  }));
  const verdict = overall(answers.map((a) => a.verdict.verdict));
  const allows =
    verdict === 'denied' && known !== undefined
      ? allowedBefore(known, { address, port }, evaluated)
      : undefined;
  const { others = [] } = input;
  // What is allowed here, another kind of policy may deny.
  const isOpen = others.length > 0 && (verdict === 'none' || verdict === 'allowed');
  return {
    verdict: isOpen ? 'unknown' : verdict,
    backends: answers,
    ...(allows === undefined ? {} : { allows }),
    ...(others.length === 0 ? {} : { others }),
  };
}

/** Whether what is denied would be allowed as the target asks for it, before a Service's address is translated. */
function allowedBefore(
  backends: readonly PolicyBackend[],
  { address, port }: { readonly address: string; readonly port: number },
  evaluated: (to: PolicyEnd, at: number) => PolicyVerdict,
): PolicyAnswer['allows'] {
  const behind = backends.filter((backend) => backend.address !== address);
  const denied = behind.filter((to) => evaluated(to, to.port).egress.verdict === 'denied');
  if (denied.length > 0 && evaluated({ address }, port).egress.verdict === 'allowed') return 'address';
  return behind.some((to) => to.port !== port && evaluated(to, port).verdict === 'allowed')
    ? 'port'
    : undefined;
}

/** The target's own in the destination's family, as the API has it: a host has several, and the kernel chooses one. */
function sourceOf({ self }: PolicyInput, address: string, chosen: string): string {
  const isSame = (one: string): boolean => one.includes(':') === address.includes(':');
  const own = (self.addresses ?? []).filter(isSame);
  return (self.hostNetwork && chosen !== '' ? chosen : own[0]) ?? chosen;
}

function isServiceAddress({ services }: PolicyInput, { id, service }: Destination): boolean {
  return service?.part === 'virtual' || services.includes(id);
}

function blind(isBlind: boolean, verdict: PolicyVerdict): PolicyVerdict {
  return isBlind ? behindService(verdict) : verdict;
}

/** Policies that may not be read can say anything. */
function withUnread(
  input: PolicyInput,
  backend: PolicyBackend | undefined,
  verdict: PolicyVerdict,
): PolicyVerdict {
  const { self, unreadPolicies } = input;
  const isUnread = (namespace: string | undefined): boolean =>
    namespace !== undefined && unreadPolicies?.includes(namespace) === true;
  const hidden = (direction: DirectionVerdict, namespace: string | undefined): DirectionVerdict =>
    isUnread(namespace) && direction.verdict !== 'denied' ? { ...direction, verdict: 'unknown' } : direction;
  const egress = hidden(verdict.egress, self.namespace);
  const ingress = hidden(verdict.ingress, backend?.pod?.namespace);
  return { egress, ingress, verdict: both(egress.verdict, ingress.verdict) };
}

/** One pod of a Service that may answer is enough to be let through; the endpoints are looked at one by one. */
function overall(verdicts: readonly PolicyVerdict['verdict'][]): PolicyVerdict['verdict'] {
  for (const verdict of ['allowed', 'none', 'unknown'] as const)
    if (verdicts.includes(verdict)) return verdict;
  return 'denied';
}

/** Every policy that had a part in denying, with its direction: `egress of default/web: default/deny-all`. */
export function denials(answer: PolicyAnswer): string[] {
  const texts = answer.backends.flatMap(({ verdict }) =>
    [verdict.egress, verdict.ingress].flatMap(({ direction, verdict: v, selecting }) =>
      v === 'denied' ? [`${direction}: ${selecting.join(', ')}`] : [],
    ),
  );
  return [...new Set(texts)];
}

/** Who lets in by the source sees the one that arrives, which a node on the way may have translated. */
function hangsOnSource({ backends }: PolicyAnswer): boolean {
  return backends.some(({ verdict }) => verdict.ingress.verdict === 'allowed');
}

/** The verdict as the end of a sentence, with its semicolon; empty where there is nothing to say of policies. */
export function policyClause(answer: PolicyAnswer, { hasPolicies }: PlaceWords): string {
  const isSilent = !hasPolicies && (answer.verdict === 'none' || answer.verdict === 'unknown');
  return isSilent ? '' : `; ${policyText(answer)}`;
}

/** The verdict in words that follow a semicolon. */
export function policyText(answer: PolicyAnswer): string {
  const allowing = new Set(
    answer.backends.flatMap(({ verdict }) => [...verdict.egress.allowing, ...verdict.ingress.allowing]),
  );
  switch (answer.verdict) {
    case 'none':
      return 'no NetworkPolicy selects either end, so it is none of them';
    case 'allowed':
      return `the NetworkPolicies allow it${allowing.size > 0 ? ` (${[...allowing].join(', ')})` : ''}, ${hangsOnSource(answer) ? 'as long as it arrives from an address of the target' : 'so it is none of them'}`;
    case 'denied':
      return `the NetworkPolicies deny it (${denials(answer).join('; ')})`;
    case 'unknown':
      return answer.others === undefined
        ? 'what NetworkPolicies say is not known'
        : `what policies say is not known: those of ${answer.others.join(' and ')} are not evaluated`;
  }
}
