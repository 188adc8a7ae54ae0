import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, EndpointVerdict } from '../facts.ts';
import { enumerate, isNodeLocal, isOfCloud, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-008',
  title: 'NetworkPolicy without DNS egress',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'A NetworkPolicy isolates the pod, and none allows it to reach the DNS servers on port 53. It is the usual effect of a first "default deny" policy: connections to allowed addresses still work, but every name times out.',
  rule: 'The union of the NetworkPolicies that select the pod (egress), and of those that select the DNS servers (ingress), allows UDP 53 to none of the servers, and no query is answered (critical; the address of a DNS cache on the node is one of the servers where it is silent); the same for TCP 53 only (warning). If queries are answered nevertheless, the network plugin does not enforce policies (info).',
  source: 'Kubernetes: NetworkPolicy v1, the two sorts of pod isolation',
  remedy:
    'Allow it in a policy of the namespace: egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}] (the port is that of the DNS pods: 5353 on OpenShift)',
  explains: { depth: 910, target: ['NT-DNS', 'NT-SVC-008'] },
} as const;

export const policyEgress: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const asked = facts.servers.filter((s) => s.udp.reach !== 'unasked');
    if (asked.length === 0) return [];
    if (isDenied(facts.policy.udp)) {
      // Whatever it is that comes back: packets pass.
      const answered = asked.filter((s) => s.udp.reach === 'answers' || s.udp.reach === 'garbled');
      return [answered.length === 0 ? denied(facts, 'udp') : notEnforced(facts, answered[0]?.label ?? '')];
    }
    const tcp = asked.filter((s) => s.tcp.reach !== 'unasked');
    if (
      isDenied(facts.policy.tcp) &&
      tcp.length > 0 &&
      tcp.every((s) => s.tcp.reach !== 'answers' && s.tcp.reach !== 'garbled')
    ) {
      return [denied(facts, 'tcp')];
    }
    return [];
  },
};

function isDenied(verdicts: readonly EndpointVerdict[]): boolean {
  return verdicts.length > 0 && verdicts.every(({ verdict }) => verdict.verdict === 'denied');
}

/** The policies that select an end of the connection and do not allow it, by direction. */
function who(facts: DnsFacts, protocol: 'udp' | 'tcp'): string {
  const all = facts.policy[protocol].map(({ verdict }) => verdict);
  const names = (direction: 'egress' | 'ingress'): string[] => [
    ...new Set(all.flatMap((v) => (v[direction].verdict === 'denied' ? v[direction].selecting : []))),
  ];
  const egress = names('egress');
  const ingress = names('ingress');
  return [
    ...(egress.length > 0 ? [`egress of ${enumerate(egress)}`] : []),
    ...(ingress.length > 0 ? [`ingress of ${enumerate(ingress)} at the DNS servers`] : []),
  ].join(' and ');
}

function denied(facts: DnsFacts, protocol: 'udp' | 'tcp'): Occurrence {
  const name = protocol.toUpperCase();
  const queries = facts.servers.flatMap((s) => s[protocol].queries);
  const cached = facts.servers.flatMap(({ address }) => (isNodeLocal(address) ? [address] : []));
  return occurrence(
    meta,
    protocol === 'udp' ? 'critical' : 'warning',
    `NetworkPolicies do not allow ${name} ${portText(facts, protocol)} to ${enumerate(facts.policy[protocol].map((v) => v.label))} (${who(facts, protocol)}), and ${protocol === 'udp' ? `none of ${queries.length} queries is answered` : 'no query over TCP is answered'}${cached.length === 0 ? '' : ` (${localText(cached)})`}.`,
    [
      {
        command: ['kubectl', 'get', 'networkpolicies', '-o', 'yaml'],
        excerpt: `denied by ${who(facts, protocol)}`,
      },
      ...quoteQueries(queries, 1),
    ],
    cached.length === 0 ? {} : { remediation: cacheRemedy(cached) },
  );
}

function localText(local: readonly string[]): string {
  return local.every(isOfCloud)
    ? `${enumerate(local)} is the name server of the cloud, which is no pod: to policies it is an address`
    : `${enumerate(local)} is the node's own DNS cache, which is no pod of kube-system: to policies it is an address of the node`;
}

/** Selectors of pods and namespaces do not match what is in its node's network. */
function cacheRemedy(cached: readonly string[]): string {
  const ofNode =
    ' If the network plugin does not hold pods to policies on the way to their own node, see whether the cache (node-local-dns) runs there.';
  return `Allow it by its address in a policy of the namespace: egress: [{to: [${cached.map((address) => `{ipBlock: {cidr: ${address}/${address.includes(':') ? 128 : 32}}}`).join(', ')}], ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}], beside the DNS pods themselves.${cached.every(isOfCloud) ? '' : ofNode}`;
}

/** Policies see the port that packets have behind the Service's address. */
function portText({ policy }: DnsFacts, protocol: 'udp' | 'tcp'): string {
  const ports = [...new Set(policy[protocol].map(({ port }) => port))];
  return ports.every((port) => port === 53)
    ? '53'
    : `${ports.join(', ')} (to which port 53 of the Service leads, and which policies see)`;
}

function notEnforced(facts: DnsFacts, server: string): Occurrence {
  return occurrence(
    meta,
    'info',
    `NetworkPolicies do not allow DNS (${who(facts, 'udp')}), yet ${server} answers: the network plugin does not enforce them here.`,
    [
      {
        command: ['kubectl', 'get', 'networkpolicies', '-o', 'yaml'],
        excerpt: `denied by ${who(facts, 'udp')}`,
      },
    ],
    {
      remediation:
        'DNS works only because the policies are not enforced: allow port 53 in them before you install a network plugin that enforces policies.',
    },
  );
}
