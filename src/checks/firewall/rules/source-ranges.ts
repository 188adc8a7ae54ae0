import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen, sourceOf } from '../path.ts';
import { wayText } from '../published-ways.ts';

const meta = {
  id: 'NT-SVC-016',
  title: 'The Service takes no client with this address',
  severities: ['critical'],
  meaning:
    "loadBalancerSourceRanges of the Service says which clients its load balancer's address takes, and the target's address is in none of them. kube-proxy drops the others without a word on the node that they come to, clients in pods and on nodes included, unless their ranges are listed too.",
  rule: "The DEST is the load balancer's address of a Service by the API, connecting gets no answer, and the address that the target sends from (ip route get) is in none of the Service's loadBalancerSourceRanges.",
  source: 'Kubernetes documentation, "Service", loadBalancerSourceRanges; kubernetes/kubernetes#110289',
  remedy:
    'Add the range of these clients to loadBalancerSourceRanges, or let them ask the cluster IP or its name, which are not restricted.',
  explains: { depth: 637, subject: ['NT-ARP', 'NT-FW', 'NT-PATH', 'NT-LAT', 'NT-TLS'] },
} as const;

function judge(path: PathFacts): Occurrence[] {
  const { published, reach, destination } = path;
  const ranges = published?.sourceRanges;
  const last = reach.value?.tries.at(-1);
  if (published === undefined || ranges === undefined || last?.outcome !== 'unanswered') return [];
  const source = sourceOf(path);
  const own = source === undefined ? undefined : parsePrefix(source);
  if (source === undefined || own === undefined) return [];
  const prefixes = ranges.map(parsePrefix);
  if (prefixes.some((one) => one === undefined || contains(one, own))) return [];
  const { namespace, name } = published;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} is ${wayText(published)}, which takes clients of ${ranges.join(', ')} alone (loadBalancerSourceRanges), and the target sends from ${source}: ${seen(path)}.`,
      [
        quoteApi(
          kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.loadBalancerSourceRanges}`,
          JSON.stringify(ranges),
        ),
        ...quoteReach(path),
      ],
      {
        subject: destination.label,
        remediation: advice`${meta.remedy}\n${kubectl`edit service -n ${namespace} ${name}`}`,
      },
    ),
  ];
}

export const sourceRanges: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
