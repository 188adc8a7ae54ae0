import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import { meta } from '../../shared/metas/no-ready-endpoint.ts';
import { suspicionOf } from '../../shared/misread-link.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { OtherPorts, ServiceInfo, ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

/** Endpoints count for the port of the Service that has the name of theirs. */
function underOtherName({ slice, offers, wanted }: OtherPorts): string {
  const own = wanted === '' ? 'has no name' : `is called "${wanted}"`;
  return `its EndpointSlice ${slice} has ready endpoints of port ${offers.join(', ')}, and the Service's port ${own}: they are matched by that name and the protocol`;
}

function remedyFor({
  namespace,
  name,
  selector,
  selected,
  publishesNotReady,
  suspected,
  ...info
}: ServiceInfo): Advice | undefined {
  const [other] = info.otherPorts ?? [];
  if (other !== undefined)
    return advice`Give the port of the EndpointSlice and that of the Service the same name, or neither of them one.\n${kubectl`edit endpointslice -n ${namespace} ${other.slice}`}`;
  if (selector === undefined) return undefined;
  if (selected === 0)
    return advice`Make the selector and the pods' labels agree.\n${kubectl`get pods -n ${namespace} --show-labels`}\n${kubectl`edit service -n ${namespace} ${name}`}`;
  const names =
    publishesNotReady === false
      ? advice`\nIts names are those of ready pods alone. Where the pods wait for each other's names to become ready, as members of a StatefulSet do, publish them before:\n${kubectl`patch service -n ${namespace} ${name} -p '{"spec":{"publishNotReadyAddresses":true}}'`}`
      : '';
  const possible = suspected === undefined ? '' : suspicionOf(suspected);
  return advice`See why the pods are not ready.${possible}\n${kubectl`describe pods -n ${namespace} -l ${selector}`}${names}`;
}

function why(info: ServiceInfo): string {
  const { selector, selected, notReady } = info;
  const [other] = info.otherPorts ?? [];
  if (other !== undefined) return underOtherName(other);
  if (selector === undefined) return 'it has no selector, and no ready endpoints were written for it';
  if (selected === undefined) return `its selector is ${selector}`;
  if (selected === 0) return `no pod matches its selector ${selector}`;
  const named = [
    ...notReady.slice(0, 3).map(({ pod, reason }) => `${pod}: ${reason}`),
    ...(notReady.length > 3 ? [`and ${notReady.length - 3} more`] : []),
  ];
  return `${selected} ${selected === 1 ? 'pod matches' : 'pods match'} its selector ${selector}, and none is ready (${named.join('; ')})`;
}

export const noReadyEndpoint: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap(({ info, virtual }) => {
      if (info.ready > 0 || info.type === 'ExternalName' || info.isPortUnnamed) return [];
      const [first] = virtual;
      // Those of other clusters answer, which are not in the EndpointSlices of this one.
      if (info.isGlobal && first?.state === 'works') return [];
      const { leaving } = info;
      const isServed = leaving > 0 && first?.state === 'works';
      const seen =
        first?.reach.value === undefined
          ? ''
          : isServed
            ? `; ${leaving} that ${leaving === 1 ? 'is' : 'are'} terminating still ${leaving === 1 ? 'answers' : 'answer'}, and connections end with ${leaving === 1 ? 'it' : 'them'}`
            : `; connecting to it ends with ${attemptText(first)}`;
      const remedy = remedyFor(info);
      return [
        occurrence(
          meta,
          isServed ? 'warning' : 'critical',
          `${info.label} has no ready endpoint: ${why(info)}${seen}.`,
          [
            quoteApi(
              kubectl`get endpointslices -n ${info.namespace} -l kubernetes.io/service-name=${info.name}`,
              'no endpoint is ready',
            ),
            ...(first ? quoteAttempt(first) : []),
          ],
          {
            subject: info.label,
            ...(remedy === undefined ? {} : { remediation: remedy }),
          },
        ),
      ];
    }),
};
