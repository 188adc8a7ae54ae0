import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { isAddressAlias } from '../../shared/address-alias.ts';
import { quote, quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ServiceFacts, ServicesFacts } from '../facts.ts';

const meta = {
  id: 'NT-SVC-027',
  title: 'An ExternalName Service stands for an address, which is no name',
  severities: ['critical'],
  meaning:
    "The Service is an alias in DNS (ExternalName), and what it stands for is an IP address. The API takes the digits for a host name and the cluster's DNS answers with an alias to a name of four numbers, which nobody has: clients that use the Service's name get no address, though the address itself answers.",
  rule: 'The externalName of a Service is an IPv4 address (API), and two look-ups of its name by the target end without an address, while kubernetes.default.svc has one.',
  source:
    'Kubernetes documentation, "Type ExternalName" (addresses are not resolved by DNS servers); coredns/coredns#2164',
  remedy:
    'Make it a Service without a selector and an EndpointSlice with that address; or give the host a name in DNS and use that.',
  explains: { depth: 633, subject: ['NT-DNS-005', 'NT-DNS-021'] },
} as const;

function judge({ info, names }: ServiceFacts, { referenceName }: ServicesFacts): Occurrence[] {
  const isLost = names.length > 1 && names.every(({ isUnresolved }) => isUnresolved);
  const hasDns = referenceName !== undefined && referenceName.reach.value?.address !== undefined;
  if (!isAddressAlias(info.externalName) || !isLost || !hasDns) return [];
  const { namespace, name, externalName = '' } = info;
  return [
    occurrence(
      meta,
      'critical',
      `${info.label} is an alias (ExternalName) for ${externalName}, which is an address: DNS takes it for a name, which nobody has, so ${name}.${namespace}.svc has no address. Clients that use the name fail, whether or not that address answers.`,
      [
        quoteApi(kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.externalName}`, externalName),
        ...quote(names[0]?.result, /^unresolved/, 1),
      ],
      {
        subject: info.label,
        remediation: advice`Make it a Service of type ClusterIP with the port, without externalName and without a selector, and write its endpoint by hand: an EndpointSlice with the label kubernetes.io/service-name: ${name}, the address ${externalName} and the port.\n${kubectl`edit service -n ${namespace} ${name}`}`,
      },
    ),
  ];
}

export const addressAlias: Rule<ServicesFacts> = {
  meta,
  judge: (facts) => facts.services.flatMap((one) => judge(one, facts)),
};
