import { advice, kubectl, nettools } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { endpointName, failing, type ServiceInfo, type ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';
import { inOtherFamily } from './other-family.ts';
import { overUdp } from './other-protocol.ts';
import { strangers } from './other-workload.ts';
import { onWrongPort } from './wrong-target-port.ts';

const meta = {
  id: 'NT-SVC-007',
  title: 'Endpoints of the Service fail',
  severities: ['critical'],
  meaning:
    'Some (or all) pods behind the Service do not answer, though Kubernetes calls them ready. Each gets its share of the connections, so clients fail now and then.',
  rule: 'A connection from the target to at least one ready endpoint, by itself, fails.',
  source: 'ours; every endpoint is connected to',
  remedy: advice`Look at the pods that are named (${nettools`sockets pod/NAME`}; ${kubectl`logs NAME`}). A readiness probe that tests the port which the Service sends to takes such pods out by itself.`,
  explains: { depth: 860, subject: ['NT-FW-001', 'NT-FW-009', 'NT-LAT'] },
  followsFromParts: true,
} as const;

/** Whom it hits, where it is always the same clients. */
function affinityClause({ affinitySeconds, ready }: ServiceInfo): string {
  return affinitySeconds === undefined || ready < 2
    ? ''
    : `; its session affinity (ClientIP, ${affinitySeconds} s) keeps the connections of one address at one endpoint: who is kept at such a one fails each time, and others never`;
}

export const failingEndpoints: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap((facts) => {
      const { info, endpoints } = facts;
      const explained = new Set([
        ...onWrongPort(facts),
        ...strangers(facts),
        ...inOtherFamily(facts),
        ...overUdp(facts),
      ]);
      const failed = failing(facts).filter((e) => !explained.has(e) && e.endpoint.stale === undefined);
      if (failed.length === 0) return [];
      const named = [
        ...failed.slice(0, 4).map((e) => `${endpointName(e)}: ${attemptText(e.attempt)}`),
        ...(failed.length > 4 ? [`and ${failed.length - 4} more`] : []),
      ];
      return [
        occurrence(
          meta,
          'critical',
          `${failed.length} of ${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'} of ${info.label} ${failed.length === 1 ? 'fails' : 'fail'}: ${named.join('; ')}${affinityClause(info)}.`,
          failed.slice(0, 3).flatMap((e) => quoteAttempt(e.attempt)),
          { subject: info.label },
        ),
      ];
    }),
};
