import { kubectl } from '../../../model/advice.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServicesFacts } from '../facts.ts';

const meta = {
  id: 'NT-SVC-006',
  title: 'The Service has no virtual address',
  severities: ['info'],
  meaning:
    'An ExternalName Service is an alias in DNS, and a headless one is a name for its pods: no cluster IP, no port mapping, no load balancing. The port that a client connects to has to be that of the pods.',
  rule: 'The type is ExternalName, or clusterIP is None (API).',
  source: 'Kubernetes documentation, "Service"',
  remedy: 'Nothing to do, unless a virtual address was expected: then make a Service with one beside it.',
} as const;

export const noVirtualAddress: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap(({ info }) => {
      if (info.clusterIp !== undefined) return [];
      const external = info.externalName;
      const differs =
        String(info.port) !== info.targetPort ? `, on port ${info.targetPort}, not on ${info.port}` : '';
      return [
        occurrence(
          meta,
          'info',
          external === undefined
            ? `${info.label} is headless: its name leads straight to its pods${differs}.`
            : `${info.label} is an alias for ${external} (ExternalName): clients resolve and connect to that.`,
          [
            external === undefined
              ? quoteApi(
                  kubectl`get service -n ${info.namespace} ${info.name} -o jsonpath={.spec.clusterIP}`,
                  'None',
                )
              : quoteApi(
                  kubectl`get service -n ${info.namespace} ${info.name} -o jsonpath={.spec.externalName}`,
                  external,
                ),
          ],
          { subject: info.label },
        ),
      ];
    }),
};
