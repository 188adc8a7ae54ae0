import { type Advice, advice, kubectl, NODE, nettools, verbatim } from '../../../model/advice.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteGrown, quoteReach, quoteSocket, seen } from '../path.ts';
import { policyClause } from '../policy-answer.ts';

const meta = {
  id: 'NT-FW-001',
  title: 'Dropped in silence on the way',
  severities: ['critical'],
  meaning:
    'What was sent left the target, and nothing came back: no answer, no refusal, no ICMP error. A firewall, a NetworkPolicy, a security group or a host that is down takes the packets, or the answers to them. A server whose accept queue is full looks the same: its kernel drops what would open a connection.',
  rule: 'A TCP connect (or a DNS or NTP question) to a destination that was asked for gets no answer within 3.6 s; the kernel has sent it again (TCPSynRetrans grows) without failing to (TCPRetransFail does not), the neighbour answers, and no ICMP error came.',
  source:
    'kernel: Documentation/networking/snmp_counter.rst; 3.6 s: longer than the 3 s after which a silent neighbour becomes an error',
  remedy: advice`Look where packets are filtered, from here outwards: the NetworkPolicies of both namespaces (${kubectl`get networkpolicy`}), the policies of the CNI plugin, the firewalls of both nodes (nft list ruleset, with counters), then security groups. Run the same check from a pod on the node of the destination: where it works, the filter lies between the nodes. See that the server accepts (${verbatim`kubectl nettools sockets`} with its pod as the TARGET).`,
  explains: { depth: 810, subject: ['NT-LAT', 'NT-TLS'] },
  remedyOutside:
    'Look where packets are filtered, from here outwards: the firewalls of this machine, of those on the way and of the destination (nft list ruleset, with counters; iptables-save -c), then security groups. Run the same check closer to the destination: where it works, the filter lies before.',
} as const;

function errorsText({ capture, counters, expiredAt, objectors }: FirewallFacts): string {
  if (expiredAt.length > 0)
    return `no error said that it is unreachable, but ${expiredAt.slice(0, 2).join(' and ')} said that the time to live of packets had expired`;
  if (objectors.length > 0)
    return `no error said that it is unreachable, but ${objectors.slice(0, 2).join(' and ')} said that a header of a packet is wrong (ICMP parameter problem)`;
  if (capture.value) return 'nobody sent an error';
  const counted = growth(counters.before, counters.after, 'Icmp.InDestUnreachs') ?? 0;
  return counted > 0
    ? `${counted} ICMP ${counted === 1 ? 'error' : 'errors'} came meanwhile, of whom and about what could not be seen`
    : 'nobody sent an error that could be seen';
}

/** The metadata services of clouds, IPv4 and AWS' IPv6 one. */
const METADATA = new Set(['169.254.169.254', 'fd00:ec2::254']);

/** An answer that lives for one hop gets to the node, and not on to a pod. */
function hopText({ address }: PathFacts): string {
  return METADATA.has(address)
    ? "; it is the address of a cloud's metadata service, whose answers may live for one hop only (on AWS the hop limit of IMDSv2), which ends them on the node of a pod"
    : '';
}

/** With the command for the pod that should answer, where it is known. */
function remedyFor({ policy, address }: PathFacts): Advice {
  if (METADATA.has(address))
    return advice`Ask from the node, where the answer gets to: ${nettools`firewall ${NODE} --to ${address}:80`}\nIf it comes there, raise the hop limit of the instances to 2 (aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2), or give the pods their rights otherwise (IRSA, EKS Pod Identity, Workload Identity). Some clusters keep pods from it on purpose.`;
  const pod = policy.backends[0]?.backend?.pod;
  return pod ? advice`${meta.remedy}\n${nettools`sockets ${pod.name} -n ${pod.namespace}`}` : meta.remedy;
}

export const silentDrop: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths
      .filter((path) => path.cause.kind === 'dropped')
      .map((path) =>
        occurrence(
          meta,
          'critical',
          `${nameOf(path)} was silent: ${seen(path)}, and ${errorsText(facts)}${policyClause(path.policy, facts.words)}${hopText(path)}.`,
          [
            ...quoteReach(path),
            ...quoteSocket(path, facts),
            ...quoteGrown(facts, ['TcpExt.TCPSynRetrans', 'TcpExt.TCPRetransFail']),
          ],
          { subject: path.destination.label, remediation: remedyFor(path) },
        ),
      ),
};
