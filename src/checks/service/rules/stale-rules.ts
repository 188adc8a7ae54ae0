import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { failures, type ServiceFacts, type ServicesFacts, working } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-009',
  title: "kube-proxy's rules are not what the API says",
  severities: ['critical'],
  meaning:
    "On this node, the rules that turn the Service's cluster IP into an endpoint's address are missing or old: kube-proxy does not run there, cannot reach the API server, or fails to write them. Connections from this node's pods to the Service fail or go to pods that are gone, while other nodes work.",
  rule: "In a node's own network namespace, where kube-proxy has written rules in its nftables or its iptables mode, at the beginning and at the end of the run alike: the Service has ready endpoints, last changed more than 30 s before, and its cluster IP and port are not in the rules or lead nowhere; or the rules lead to an address that is not an endpoint of it; or a ready endpoint is not in them (not judged with traffic distribution by zone, and with a local policy only for the node's own). Or the node has no rule of kube-proxy at all, in neither mode, and no device of its IPVS mode or of a network plugin that takes its place, while endpoints answer, the cluster IP does not, and nor does the API server's.",
  source: 'Kubernetes: pkg/proxy/nftables and pkg/proxy/iptables, which sync within seconds; 30 s are ours',
  remedy: advice`See kube-proxy on this node: ${kubectl`get pods -n kube-system -o wide -l k8s-app=kube-proxy`}, its log (what it cannot reach or write), and restart its pod, which writes all rules again. Then ask why it was behind: kubeproxy_sync_proxy_rules_last_timestamp_seconds among its metrics tells since when.`,
  explains: { depth: 640, subject: ['NT-FW', 'NT-LAT', 'NT-SVC-003', 'NT-TLS'] },
} as const;

/** What is wrong; `undefined`: nothing, or nothing that could be judged. */
function fault(facts: ServiceFacts, node: string): string | undefined {
  const { info, rules } = facts;
  const known = info.proxied;
  if (!rules || !known?.isSettled || info.clusterIp === undefined) return undefined;
  const isLocal = info.internalTrafficPolicy === 'Local';
  const ready = known.ready
    .filter((e) => !isLocal || e.node === node)
    .map((e) => socketAddress(e.address, e.port));
  if (ready.length === 0) return undefined;
  const at = `${socketAddress(info.clusterIp, info.port)}/${info.protocol}`;
  const have = `${ready.length} ready ${ready.length === 1 ? 'endpoint' : 'endpoints'}`;
  if (!rules.isKnown) {
    return rules.saysNone
      ? `say that ${info.label} (${at}) has no endpoint, though it has ${have}`
      : `lack ${info.label} (${at}), though it has ${have}`;
  }
  const { endpoints } = rules;
  if (endpoints === undefined) return undefined;
  const all = known.all.map((e) => socketAddress(e.address, e.port));
  const gone = endpoints.filter((endpoint) => !all.includes(endpoint));
  const lacking = known.isZoned ? [] : ready.filter((endpoint) => !endpoints.includes(endpoint));
  const parts = [
    ...(gone.length === 0
      ? []
      : [
          `send ${info.label} to ${gone.join(', ')}, ${gone.length === 1 ? 'no endpoint' : 'no endpoints'} of it`,
        ]),
    ...(lacking.length === 0
      ? []
      : [
          `lack ${lacking.join(', ')}, ${lacking.length === 1 ? 'a ready endpoint' : 'ready endpoints'} of ${info.label}`,
        ]),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

/** A node on which nothing was ever written: kube-proxy never came up there, or the kernel refuses its rules whole. */
function none(facts: ServiceFacts, { reference, input }: ServicesFacts): Occurrence[] {
  const { info, virtual, rulesResult } = facts;
  const [first] = failures(virtual);
  const isOff = reference !== undefined && !['works', 'unclear'].includes(reference.state);
  if (!first || !isOff || !facts.hasNoRules || failures(virtual).length < virtual.length) return [];
  const ready = working(facts).length;
  if (ready === 0) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${input.node} has no rule of kube-proxy for any Service, in neither mode (nftables, iptables): ${ready} of ${facts.endpoints.length} ${facts.endpoints.length === 1 ? 'endpoint' : 'endpoints'} of ${info.label} ${ready === 1 ? 'answers' : 'answer'}, and its cluster IP ${socketAddress(info.clusterIp ?? '', info.port)} does not (${attemptText(first)}), nor does the API server's.`,
      [{ command: rulesResult?.command ?? [], excerpt: 'mode none' }, ...quoteAttempt(first)],
      {
        subject: info.label,
        remediation: advice`See whether kube-proxy runs on this node, and what its log says: a kernel without what its rules need (nft_fib, nft_numgen, ip_tables, nf_conntrack) refuses each of its transactions as a whole, and so does a table that a newer nft wrote and its own cannot read.\n${kubectl`get pods -n kube-system -o wide -l k8s-app=kube-proxy`}`,
      },
    ),
  ];
}

export const staleRules: Rule<ServicesFacts> = {
  meta,
  judge: (all) => {
    const { services, input } = all;
    return services.flatMap((facts): Occurrence[] => {
      if (facts.hasNoRules) return none(facts, all);
      const what = fault(facts, input.node);
      const { rules, earlierRules, info } = facts;
      if (what === undefined || !rules || !earlierRules) return [];
      // A change that is on its way while the run lasts is not a fault.
      if (fault({ ...facts, rules: earlierRules }, input.node) === undefined) return [];
      const excerpt = rules.lines.slice(0, 8).join('\n') || `no rule for ${info.clusterIp} port ${info.port}`;
      const command = facts.rulesResult?.command ?? [];
      return [
        occurrence(
          meta,
          'critical',
          `kube-proxy's rules on ${input.node} (${rules.mode} mode) ${what}.`,
          [{ command, excerpt: excerpt.slice(0, 900) }],
          { subject: info.label },
        ),
      ];
    });
  },
};
