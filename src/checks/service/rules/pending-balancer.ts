import { advice, kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServicesFacts } from '../facts.ts';

const meta = {
  id: 'NT-SVC-019',
  title: 'The load balancer has no address yet',
  severities: ['info'],
  meaning:
    'The Service is of type LoadBalancer, and nobody has given it an address: its EXTERNAL-IP stays pending. Kubernetes gives none by itself. A cloud does, or a controller such as MetalLB; without one it stays so for ever. Inside of the cluster the Service works all the same, and from outside by its NodePort.',
  rule: `The Service's type is LoadBalancer, its status has no address, and it is older than a minute (API).`,
  source: 'Kubernetes documentation, "Service", type LoadBalancer',
  remedy:
    'See whether a controller for load balancers runs, and what it says of the Service in its events: no pool, no address left, a class that nobody serves (loadBalancerClass). Without one, reach it by NodePort or by a gateway.',
} as const;

export const pendingBalancer: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services
      .filter(({ info }) => info.isPending === true && info.isOtherFamily !== true)
      .map(({ info: { label, namespace, name } }) =>
        occurrence(
          meta,
          'info',
          `${label} is of type LoadBalancer and has no address: from outside of the cluster it is not to be reached by one.`,
          [quoteApi(kubectl`get service -n ${namespace} ${name} -o jsonpath={.status.loadBalancer}`, '{}')],
          {
            subject: label,
            remediation: advice`${meta.remedy}\n${kubectl`describe service -n ${namespace} ${name}`}`,
          },
        ),
      ),
};
