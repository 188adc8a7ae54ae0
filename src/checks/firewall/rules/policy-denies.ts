import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import type { PolicyInput } from '../../shared/policy-input.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Cause } from '../cause.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';
import { denials } from '../policy-answer.ts';

const meta = {
  id: 'NT-FW-006',
  title: 'A NetworkPolicy denies it',
  severities: ['critical'],
  meaning:
    'The pod is isolated by the NetworkPolicies that select it, and none of them allows this connection. Policies add up: another one can allow it, none can forbid what one allows. Both sides count, egress of the source and ingress of the destination.',
  rule: 'The union of the NetworkPolicies of both namespaces, read from the API, does not allow the connection, and the probe was dropped or rejected on the way.',
  source: 'networking.k8s.io/v1 NetworkPolicySpec; Kubernetes documentation, "Network Policies"',
  remedy: 'Allow it with one more policy, or with a rule in one of those that are named.',
  explains: {
    depth: 740,
    subject: ['NT-PATH', ...LOST_PACKETS],
  },
} as const;

/** How a policy looks from inside: plugins drop, and some reject. */
const BY_POLICY: readonly Cause['kind'][] = ['dropped', 'no-datagram', 'rejected', 'prohibited'];

/** A policy that would allow just this. */
function remedyFor({ policy, destination, port }: PathFacts): Advice {
  const protocol = destination.protocol.toUpperCase();
  const sides = policy.backends.flatMap(({ verdict }) => [verdict.egress, verdict.ingress]);
  const egress = sides.find((s) => s.direction === 'egress' && s.verdict === 'denied');
  const ingress = sides.find((s) => s.direction === 'ingress' && s.verdict === 'denied');
  const end = policy.backends[0]?.backend;
  const real = end?.port ?? port;
  const where = [
    ...(egress ? [`to egress of ${egress.selecting[0]}`] : []),
    ...(ingress ? [`to ingress of ${ingress.selecting[0]}`] : []),
  ].join(', and ');
  return advice`Add ${where} a rule for this peer with ports: [{protocol: ${protocol}, port: ${real}}] (${kubectl`edit networkpolicy`}), or one more policy that has it. ${egress && end && end.pod === undefined ? `${socketAddress(end.address, real)} is not a pod: an ipBlock has to contain its address, and those of the Service's other endpoints` : `Port ${real} is the pod's own: policies look behind the Service`}.`;
}

/** Why rules that look as if they allowed it do not. */
function misled({ policy, address, port }: PathFacts, { self }: PolicyInput): string {
  const real = policy.backends[0]?.backend;
  const end = real && socketAddress(real.address, real.port);
  if (policy.allows === 'address')
    return ` They allow ${socketAddress(address, port)}, the Service's own address, and policies see where it leads: ${end}.`;
  if (policy.allows === 'port')
    return ` They allow port ${port}, the Service's own, and policies see the one that it leads to: ${real?.port}.`;
  const isIngress = policy.backends.some(({ verdict }) => verdict.ingress.verdict === 'denied');
  return self.hostNetwork && isIngress
    ? " The target is in its node's network: selectors of pods and namespaces do not match it, an ipBlock with the addresses of the nodes does."
    : '';
}

export const policyDenies: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths, policies }) =>
    paths
      .filter(({ policy, cause }) => policy.verdict === 'denied' && BY_POLICY.includes(cause.kind))
      .map((path) =>
        occurrence(
          meta,
          'critical',
          `NetworkPolicies deny ${nameOf(path)}: no rule of these allows it (${denials(path.policy).join('; ')}), and the probe agrees: ${seen(path)}.${misled(path, policies)}`,
          [
            ...denials(path.policy).map((text) => {
              const [direction = '', names = ''] = text.split(': ');
              const [namespace = ''] = names.split('/');
              return {
                command: ['kubectl', 'get', 'networkpolicy', '-n', namespace],
                excerpt: `${direction} is isolated by ${names}; none of them allows it`,
              };
            }),
            ...quoteReach(path),
          ],
          { subject: path.destination.label, remediation: remedyFor(path) },
        ),
      ),
};
