import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Attempt, ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-008',
  title: "The Service's name does not resolve on the target",
  severities: ['critical', 'info'],
  meaning:
    'The Service works by address, but the target cannot resolve its name. Clients that use the name fail: the fault is in DNS, not in the Service.',
  rule: "The cluster IP (or an endpoint of a headless Service) answers, and two connections to NAME.NAMESPACE.svc fail because the name does not resolve, or get nowhere (critical). One of the two may be one lost packet of DNS: info. For a pod whose dnsPolicy gives it another resolver than the cluster's: info.",
  source: 'Kubernetes documentation, "DNS for Services and Pods"',
  remedy: advice`Find out where it fails: ${nettools`dns ${TARGET} NAME.NAMESPACE.svc`}.`,
} as const;

/** A name server that stays silent takes all the time that the connection had. */
function failsByName({ isUnresolved, state }: Attempt): boolean {
  return isUnresolved || state === 'silent';
}

export const nameFails: Rule<ServicesFacts> = {
  meta,
  judge: ({ services, input }) =>
    services.flatMap(({ info, virtual, endpoints, names }) => {
      const direct = virtual.length > 0 ? virtual : endpoints.map((e) => e.attempt);
      const failed = names.filter(failsByName);
      const [first] = failed;
      if (!first || !direct.some((a) => a.state === 'works')) return [];
      // Where the address fails now and then, so does the name.
      if (direct.some((a) => a.state !== 'works')) return [];
      const full = `${info.name}.${info.namespace}.svc`;
      const isOnce = failed.length < names.length;
      const which = isOnce
        ? `by its name ${full} only once of ${names.length} times`
        : `not by its name ${full}`;
      return [
        occurrence(
          meta,
          input.hasClusterDns && !isOnce ? 'critical' : 'info',
          `${info.label} answers by its address, but ${which}: ${attemptText(first)}${input.hasClusterDns ? '' : " (the pod's dnsPolicy gives it another resolver than the cluster's, or no search domains)"}.`,
          quoteAttempt(first),
          {
            subject: info.label,
            remediation: advice`Find out where it fails:\n${nettools`dns ${TARGET} ${full}`}`,
          },
        ),
      ];
    }),
};
