/** What the service check and the firewall check both say about a Service of externalTrafficPolicy Local. Pure. */
import { type Advice, advice, kubectl } from '../../model/advice.ts';
import { meta } from './metas/external-policy.ts';
import { quoteApi } from './quote.ts';

/** A Service's place in the API. */
interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** What mends it for one Service. */
export function externalPolicyRemedy({ namespace, name }: ServiceName): Advice {
  return advice`${meta.remedy}\n${kubectl`get endpointslices -n ${namespace} -l kubernetes.io/service-name=${name}`}`;
}

/** The API's line that says so. */
export function quoteExternalPolicy({ namespace, name }: ServiceName) {
  return quoteApi(
    kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.externalTrafficPolicy}`,
    'Local',
  );
}

/** `its 2 ready endpoints are on node1, node3`. */
export function endpointsOn(ready: number, nodes: readonly string[]): string {
  return `its ${ready} ready ${ready === 1 ? 'endpoint is' : 'endpoints are'} on ${nodes.join(', ')}`;
}
