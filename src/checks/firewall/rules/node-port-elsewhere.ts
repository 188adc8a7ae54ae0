import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Cause } from '../cause.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-SVC-012',
  title: 'A NodePort, by an address that does not serve it',
  severities: ['critical'],
  meaning:
    "The port is the NodePort of a Service, and kube-proxy does not serve it at this address. In nftables mode it serves NodePorts at the node's primary address alone (--nodeport-addresses), and never at a loopback address; in iptables mode it served 127.0.0.1 too. In a pod, 127.0.0.1 is the pod itself, and NodePorts are on nodes.",
  rule: "The connection is refused, rejected or silent, its port is the NodePort of a Service, and: the target's own network has kube-proxy's nftables rules, in which the port is and the address, which is the target's own, is not (set nodeport-ips); or the address is a loopback address of a pod (API).",
  source:
    'Kubernetes documentation, "NodePort, custom IP address configuration"; KEP-3866; k0sproject/k0s#5760',
  remedy:
    "Connect to the node's primary address, or start kube-proxy with --nodeport-addresses that contain the one that is wanted (nftables mode never serves 127.0.0.1).",
  explains: { depth: 634, subject: ['NT-FW', 'NT-PATH', 'NT-LAT', 'NT-TLS', 'NT-SOCK-001'] },
} as const;

const LOOPBACK = /^(127\.|::1$)/;
const FAILED: readonly Cause['kind'][] = ['refused', 'rejected', 'dropped'];

/** Where it is served, and for which Service. */
interface Served {
  readonly service: string;
  readonly where: string;
  readonly instead: string | undefined;
  readonly quotes: readonly Quote[];
}

function judge(path: PathFacts, facts: FirewallFacts): Occurrence[] {
  if (!FAILED.includes(path.cause.kind) || path.destination.anyPort) return [];
  const served = byRules(path, facts) ?? byApi(path);
  if (served === undefined) return [];
  const { service, where, instead, quotes } = served;
  const remedy =
    instead === undefined ? meta.remedy : `${meta.remedy} Here: ${socketAddress(instead, path.port)}.`;
  return [
    occurrence(
      meta,
      'critical',
      `${path.port} is the NodePort of ${service}, and ${where}: ${nameOf(path)} ends with ${seen(path)}.`,
      [...quotes, ...quoteReach(path)],
      { subject: path.destination.label, remediation: remedy },
    ),
  ];
}

/** The target is a node, or in its network. */
function byRules(
  { address, port, destination, reach, published }: PathFacts,
  { nodePorts }: FirewallFacts,
): Served | undefined {
  if (nodePorts === undefined || !(reach.value?.routes ?? []).some((line) => line.startsWith('local ')))
    return undefined;
  const { rules, result } = nodePorts;
  const isLoopback = LOOPBACK.test(address);
  // Of localhost, the resolver may give the address of a family that kube-proxy does not serve at all.
  const own = address.includes(':') ? 'ip6' : 'ip';
  const found = rules.ports.find(
    (one) => (one.family === own || isLoopback) && one.protocol === destination.protocol && one.port === port,
  );
  if (found === undefined) return undefined;
  const addresses = rules.addresses[found.family];
  const isServed = addresses === undefined ? !isLoopback : addresses.some((one) => sameAddress(one, address));
  if (isServed) return undefined;
  const [namespace = '', name = ''] = found.service.split('/');
  const where =
    addresses === undefined
      ? 'kube-proxy (nftables mode) never serves those at a loopback address'
      : `kube-proxy (nftables mode) serves those at ${addresses.join(', ') || 'no address'} only`;
  return {
    service: published?.label ?? `svc/${name}.${namespace}`,
    where,
    instead: addresses?.[0] ?? published?.instead,
    quotes: [
      {
        command: result.command,
        excerpt: [
          `map service-nodeports: ${found.protocol} . ${found.port} goes to ${found.service}`,
          ...(addresses === undefined ? [] : [`set nodeport-ips: ${addresses.join(', ')}`]),
        ].join('\n'),
      },
    ],
  };
}

/** A pod that asks itself. */
function byApi({ address, published }: PathFacts): Served | undefined {
  if (published?.by !== 'node port' || published.node !== undefined || !LOOPBACK.test(address))
    return undefined;
  return {
    service: published.label,
    where: `NodePorts are served on nodes, while ${address} is the target itself`,
    instead: published.instead,
    quotes: [],
  };
}

export const nodePortElsewhere: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
