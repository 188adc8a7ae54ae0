import { advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, DnsService, EndedContainer } from '../facts.ts';
import { isNodeLocal } from '../wording.ts';

const meta = {
  id: 'NT-DNS-022',
  title: "The cluster's DNS servers crash",
  severities: ['warning'],
  meaning:
    'A container of a DNS server behind the Service ends again and again: the kernel kills it because it needs more memory than its limit (OOMKilled; more clients, more names for each lookup (ndots) and more Services need more), or it ends by itself (a Corefile that it cannot read, a loop that it has found, a port that is taken). While it is down, queries to it are lost or refused; where all replicas suffer at once, nothing resolves.',
  rule: 'A pod behind the DNS Service that resolv.conf names has a container that was OOMKilled within the last 10 minutes, or that waits in CrashLoopBackOff.',
  source:
    'kubernetes.io, pod lifecycle: the pause before a restart grows up to 5 minutes and is reset after 10 good ones',
  remedy: advice`Read what it said last (${kubectl`-n kube-system logs POD --previous`}). OOMKilled: raise resources.limits.memory of the DNS servers, run more replicas, and reduce the queries (NodeLocal DNSCache, ndots). Otherwise mend its configuration (${kubectl`-n kube-system get configmap coredns -o yaml`}).`,
  explains: {
    depth: 915,
    target: [
      'NT-DNS-001',
      'NT-DNS-002',
      'NT-DNS-004',
      'NT-DNS-007',
      'NT-DNS-009',
      'NT-DNS-011',
      'NT-DNS-012',
      'NT-DNS-018',
    ],
  },
} as const;

function ended({
  pod,
  container,
  reason,
  exitCode,
  ageSeconds,
  restarts,
  isWaiting,
  memoryLimit,
}: EndedContainer): string {
  const limit = memoryLimit === undefined ? 'no limit of its own' : `limit ${memoryLimit}`;
  const why = reason === 'OOMKilled' ? `OOMKilled (${limit})` : `${reason}, exit code ${exitCode}`;
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  return `pod ${pod} (container ${container}) ended ${ageSeconds} s ago: ${why}, restarted ${times}${isWaiting ? ', and is down until its next try (CrashLoopBackOff)' : ''}`;
}

function judge({ namespace, name, ended: containers = [], endpoints }: DnsService) {
  const [first, ...more] = [...containers].sort((a, b) => a.ageSeconds - b.ageSeconds);
  if (first === undefined) return [];
  const also = more.length === 0 ? '' : `, and so it is with ${more.length} more`;
  const left =
    endpoints.length === 0
      ? 'none is ready'
      : `${endpoints.length} ${endpoints.length === 1 ? 'is' : 'are'} ready`;
  return [
    occurrence(
      meta,
      'warning',
      `A server behind ${name} crashes: ${ended(first)}${also}; ${left}.`,
      [quoteApi(kubectl`-n ${namespace} get pod ${first.pod}`, containers.map(ended).slice(0, 3).join('\n'))],
      {
        remediation: advice`${meta.remedy}\n${kubectl`-n ${namespace} logs ${first.pod} -c ${first.container} --previous`}`,
      },
    ),
  ];
}

export const crashing: Rule<DnsFacts> = {
  meta,
  judge: ({ servers, input }) => {
    const own = servers.flatMap(({ service }) => service ?? []);
    // The node's cache asks them in turn.
    const all = servers.some(({ address }) => isNodeLocal(address)) ? (input.services.value ?? []) : own;
    return [...new Set(all)].flatMap(judge);
  },
};
