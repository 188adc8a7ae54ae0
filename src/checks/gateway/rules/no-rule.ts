import { advice, kubectl } from '../../../model/advice.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts } from '../facts.ts';
import { explaining } from '../troubles.ts';
import { manyText } from '../words.ts';

const meta = {
  id: 'NT-GW-001',
  title: 'No rule of the gateway takes the request',
  severities: ['critical'],
  meaning:
    'The connection reaches the gateway (an ingress controller, or whoever serves a Gateway), and none of its rules has this host and path. The gateway answers by itself, mostly with 404: the request reaches no Service. Hosts are those of the URL, a * stands for one label in an Ingress; Prefix goes by whole elements of the path, and Exact knows no further slash.',
  rule: 'A DEST that is a URL is answered with 404, 421 or 5xx by an address of a class of Ingresses or of a Gateway, or by whoever has a rule for its host, and no Ingress of that class and no route of that Gateway has a rule that takes host and path; no default backend either. Not claimed where rules may not be read, or where an object of another kind (IngressRoute, VirtualService, HTTPProxy, Route, …) may take the host.',
  source:
    'Kubernetes documentation, "Ingress" (path types, hostname wildcards); Gateway API specification, HTTPRoute',
  remedy: advice`Give the rule the host and the path that clients ask for, or ask for those of the rule. ${kubectl`get ingress -A`}\n${kubectl`get httproute -A`}`,
  explains: { depth: 642, subject: ['NT-HTTP-002'] },
} as const;

interface Near {
  readonly names: string;
  readonly near: readonly string[];
  readonly isPattern: boolean;
}

/** Those that have rules of the host say more than others; without any, all that could have taken it are told as one. */
function closest(found: ReturnType<typeof explaining<'no-rule'>>): readonly Near[] {
  const ofHost = found.filter(({ trouble }) => trouble.isOfHost);
  const told = ofHost.length > 0 ? ofHost : found;
  if (told.length === 0) return [];
  return [
    {
      names: told.map(({ front }) => front.name).join(' and of '),
      near: told.flatMap(({ trouble }) => trouble.near),
      isPattern: told.some(({ trouble }) => trouble.isPattern),
    },
  ];
}

export const noRule: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests, denied }) =>
    // A rule that may not be read may be the one.
    denied.length > 0
      ? []
      : requests.flatMap((request) =>
          closest(explaining(request, 'no-rule'))
            .slice(0, 1)
            .map(({ names, near, isPattern }) => {
              const { host, path, destination } = request.asked;
              const has = near.length === 0 ? 'there is no rule at all' : `there is ${manyText(near)}`;
              const pattern = isPattern
                ? ': that path is a pattern, and is compared letter by letter unless the controller is told to take it for one'
                : '';
              return occurrence(
                meta,
                'critical',
                `${answeredText(request)}: no rule of ${names} takes host ${host} with path ${path}; ${has}${pattern}.`,
                quote(request.result, /./, 1),
                { subject: destination.label },
              );
            }),
        ),
};
