import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type GatewayFacts, kubectlName, nameOf, type RequestFacts } from '../facts.ts';
import { manyText } from '../words.ts';

const meta = {
  id: 'NT-GW-009',
  title: 'Two objects claim the same requests',
  severities: ['warning'],
  meaning:
    'Two Ingresses of a class, or two routes of a Gateway, have a rule for the very same host and path, and lead to different backends. One of them counts: the older by the Gateway API and for most controllers of Ingresses, another one for some, and after a controller restarts it may be the other one. Whoever made the other one gets answers of somebody else, or none.',
  rule: 'For a DEST that is a URL, the rule that takes the request is also that of another Ingress of the same class (host, path and pathType), or of another route of the same Gateway (the whole match), and their backends differ. Not where one is a canary, or annotations by which controllers tell requests apart differ (entry points, methods, headers, priorities).',
  source:
    'Gateway API specification, HTTPRouteSpec, rules: precedence; ingress-nginx, "Building the NGINX model": the oldest rule wins',
  remedy: 'Take the rule out of all of them but one, or give them hosts or paths of their own.',
} as const;

function judge({ asked, fronts }: RequestFacts): Occurrence[] {
  return fronts.flatMap(({ by, backend, rivals = [] }) => {
    const [first] = rivals;
    if (by === undefined || first === undefined) return [];
    const to =
      backend === undefined
        ? ''
        : ` leads it to Service ${backend.namespace}/${backend.name}:${backend.port},`;
    const others = manyText(rivals.map(({ object, to: there }) => `${nameOf(object)} to ${there}`));
    return [
      occurrence(
        meta,
        'warning',
        `${asked.destination.url ?? asked.destination.label} is claimed more than once: ${nameOf(by.object)} (${by.rule})${to} and the same rule leads by ${others}. By age the first one counts.`,
        [by.object, first.object].map((object) =>
          quoteApi(kubectl`get ${kubectlName(object)} -o yaml`, by.rule),
        ),
        {
          subject: asked.destination.label,
          remediation: advice`${meta.remedy}\n${kubectl`get ${first.object.kind.toLowerCase()} -A`}`,
        },
      ),
    ];
  });
}

export const rivals: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) => requests.flatMap(judge),
};
