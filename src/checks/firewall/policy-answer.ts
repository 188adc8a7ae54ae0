/** What the NetworkPolicies say about one destination: over all pods that may answer there. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import {
  behindService,
  both,
  type DirectionVerdict,
  evaluatePolicies,
  type PolicyVerdict,
} from '../shared/network-policy.ts';
import type { PolicyBackend, PolicyInput } from '../shared/policy-input.ts';
import type { PolicyAnswer } from './facts.ts';

export function policyAnswer(
  input: PolicyInput,
  destination: Destination,
  address: string,
  port: number,
): PolicyAnswer {
  const known = input.pods[destination.id];
  const backends: readonly (PolicyBackend | undefined)[] = known ?? [undefined];
  // Policies look behind a Service's address: what it leads to is not known, and the address itself is no peer.
  const isBlind = known === undefined && isServiceAddress(input, destination);
  const answers = backends.map((backend) => ({
    backend,
    verdict: withUnread(
      input,
      backend,
      blind(
        isBlind,
        evaluatePolicies(input.policies, {
          from: { address: '', pod: input.self },
          to: backend ? { address: backend.address, pod: backend.pod } : { address },
          port: backend?.port ?? port,
          protocol: destination.protocol,
        }),
      ),
    ),
  }));
  return { verdict: overall(answers.map((a) => a.verdict.verdict)), backends: answers };
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
  const ingress = hidden(verdict.ingress, backend?.pod.namespace);
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

/** The verdict as the end of a sentence, with its semicolon; empty where there is nothing to say of policies. */
export function policyClause(answer: PolicyAnswer, { hasPolicies }: PlaceWords): string {
  const isSilent = !hasPolicies && (answer.verdict === 'none' || answer.verdict === 'unknown');
  return isSilent ? '' : `; ${policyText(answer)}`;
}

function policyText(answer: PolicyAnswer): string {
  const allowing = new Set(
    answer.backends.flatMap(({ verdict }) => [...verdict.egress.allowing, ...verdict.ingress.allowing]),
  );
  switch (answer.verdict) {
    case 'none':
      return 'no NetworkPolicy selects either end, so it is none of them';
    case 'allowed':
      return `the NetworkPolicies allow it${allowing.size > 0 ? ` (${[...allowing].join(', ')})` : ''}, so it is none of them`;
    case 'denied':
      return `the NetworkPolicies deny it (${denials(answer).join('; ')})`;
    case 'unknown':
      return 'what NetworkPolicies say is not known';
  }
}
