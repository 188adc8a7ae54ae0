import { advice, kubectl } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts } from '../facts.ts';
import { enumerate, isAnswered, quoteQueries, quoteResolvConf } from '../wording.ts';

const meta = {
  id: 'NT-DNS-015',
  title: 'The name servers do not know the cluster domain of the search list',
  severities: ['critical'],
  meaning:
    "The target's search list names the cluster's domain, but the name servers say that the API server's own name does not exist in it: they serve another cluster domain, or none at all. No Service is found by its short name.",
  rule: 'Every answer for kubernetes.default.svc.DOMAIN, where svc.DOMAIN is in the search list, is NXDOMAIN.',
  source: 'Kubernetes DNS-Based Service Discovery, 2.1: that name exists in every cluster',
  remedy: advice`Compare it with the domain that the DNS servers serve (${kubectl`-n kube-system get configmap coredns -o yaml`}: the word after "kubernetes"), and set the kubelet's clusterDomain, or the pod's dnsConfig.searches, to that domain.`,
} as const;

const CONTROL = /^kubernetes\.default\.svc\.(.+?)\.?$/;

export const otherDomain: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const { control } = facts.probe;
    const domain = CONTROL.exec(control ?? '')?.[1];
    if (control === undefined || domain === undefined) return [];
    const answers = facts.servers
      .flatMap(({ udp, tcp }) => [...udp.queries, ...tcp.queries])
      .filter((q) => isAnswered(q) && q.question.name.replace(/\.$/, '') === control.replace(/\.$/, ''));
    if (answers.length === 0 || !answers.every(({ rcode }) => rcode === 'NXDOMAIN')) return [];
    const servers = [...new Set(answers.map(({ server }) => server))];
    return [
      occurrence(
        meta,
        'critical',
        `${enumerate(servers)} ${servers.length === 1 ? 'says' : 'say'} that ${control} does not exist: the search list is for the cluster domain ${domain}, which ${servers.length === 1 ? 'this server does' : 'these servers do'} not serve, so no Service is found by name.`,
        [...quoteResolvConf(facts), ...quoteQueries(answers, 1)],
      ),
    ];
  },
};
