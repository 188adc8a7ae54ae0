import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  type Attempt,
  endpointName,
  isUnmapped,
  type ServiceFacts,
  type ServiceInfo,
  type ServicesFacts,
  working,
} from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-025',
  title: 'A headless Service does not translate the port that is asked for',
  severities: ['critical'],
  meaning:
    'The Service has no cluster IP (clusterIP: None), so its name leads straight to the addresses of its pods, and kube-proxy translates nothing. The port that it lists is no more than a record in DNS (SRV): clients that connect to it by the name come to that port of the pods, and the program listens on the target port.',
  rule: "The host of a DEST is the name of a headless Service, its port is one that the Service lists under another number than its pods have, two connections to it by the Service's name fail, and a pod takes one at its target port.",
  source:
    'Kubernetes documentation, "Headless Services"; kubernetes/kubernetes#20488 (the port is translated by what a headless Service lacks)',
  remedy:
    'Let clients ask for the target port, or let the pods listen on the port that the Service lists. Where neither can be changed, give the Service a cluster IP: kube-proxy then translates the port. clusterIP cannot be changed, so that takes a new Service.',
  explains: { depth: 618, subject: ['NT-FW', 'NT-LAT', 'NT-SVC-008', 'NT-SOCK-001', 'NT-TLS', 'NT-HTTP'] },
} as const;

function judge(facts: ServiceFacts): Occurrence[] {
  const { info, names } = facts;
  const [open] = working(facts);
  const [first] = names;
  // One that works by the name is translated by somebody else, such as the proxy of a mesh.
  const isShut = names.length > 1 && names.every(isShutThere);
  if (info.isHost !== true || !isUnmapped(info) || !open || !first || !isShut) return [];
  const { port } = open.endpoint;
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} asks for port ${info.port} of Service ${info.namespace}/${info.name}, which is headless (clusterIP: None): its name leads straight to its pods, and nobody translates ${info.port} to the target port ${info.targetPort}. ${endpointName(open)} takes connections, port ${info.port} there comes to ${attemptText(first)}.`,
      [
        quoteApi(
          kubectl`get service -n ${info.namespace} ${info.name} -o jsonpath={.spec.clusterIP}`,
          `None; port ${info.port}, targetPort ${info.targetPort}`,
        ),
        ...quoteAttempt(first),
        ...quoteAttempt(open.attempt),
      ],
      {
        subject: info.label,
        remediation: remedyFor(info, port),
      },
    ),
  ];
}

/** kubectl expose takes the selector of the Service. */
function remedyFor({ namespace, name, port, selector }: ServiceInfo, own: number): Advice {
  const ask = `Let clients ask for port ${own} (${name}.${namespace}:${own}).`;
  return selector === undefined
    ? ask
    : advice`${ask} Or make a Service with a cluster IP for them beside it:\n${kubectl`expose service -n ${namespace} ${name} --name ${name}-ip --port ${port} --target-port ${own}`}`;
}

/** A name server that stays silent leaves no address. */
function isShutThere({ state, reach }: Attempt): boolean {
  return (
    (state === 'refused' || state === 'silent' || state === 'fails') && reach.value?.address !== undefined
  );
}

export const unmappedPort: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) => services.flatMap(judge),
};
