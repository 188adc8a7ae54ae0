import { advice, kubectl } from '../../../model/advice.ts';
import { quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { answeredText, type GatewayFacts, nameOf, type RequestFacts } from '../facts.ts';

const meta = {
  id: 'NT-GW-004',
  title: 'The rule leads to a port on which nothing listens',
  severities: ['critical'],
  meaning:
    'A rule takes the request and leads it to a Service with ready endpoints, and those refuse connections on the port that the Service leads to: the program listens on another port, or on loopback alone. The gateway answers with 502 or 503.',
  rule: 'A DEST that is a URL is answered with 5xx, the rule for its host and path leads to a Service with ready endpoints, and every one of those that the target connected to (at most two) refuses the connection.',
  source: 'RFC 9293, 3.10.7.1: a port without a listener answers with a reset',
  remedy:
    "Lead the Service to the port that the program listens on (targetPort), or let it listen there, on all of the pod's addresses.",
  explains: { depth: 645, subject: ['NT-HTTP-002'] },
} as const;

function judge(request: RequestFacts) {
  const { answer, fronts, tries, asked } = request;
  if ((answer.value?.status ?? 0) < 500) return [];
  return fronts.flatMap(({ by, backend }) => {
    const own = tries.filter((one) =>
      backend?.endpoints.some(({ address, port }) => address === one.address && port === one.port),
    );
    const [first] = own;
    if (by === undefined || backend === undefined || first === undefined) return [];
    if (!own.every(({ isRefused }) => isRefused)) return [];
    const { namespace, name, port } = backend;
    const who = own.map(({ pod, address }) => (pod === undefined ? address : `pod ${pod}`)).join(', ');
    return [
      occurrence(
        meta,
        'critical',
        `${answeredText(request)}: ${nameOf(by.object)} (${by.rule}) leads it to Service ${namespace}/${name}:${port}, and port ${first.port} of ${who} refuses connections: nothing listens on it there.`,
        own.flatMap(({ result }) => quoteTries(result, 2)),
        {
          subject: asked.destination.label,
          remediation: advice`${meta.remedy}\n${kubectl`get service -n ${namespace} ${name} -o yaml`}`,
        },
      ),
    ];
  });
}

export const refusedBackend: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) => requests.flatMap(judge),
};
