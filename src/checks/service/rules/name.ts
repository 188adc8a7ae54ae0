import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Quote } from '../../../model/report.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type Attempt, isUnmapped, type ServiceFacts, type ServicesFacts } from '../facts.ts';
import { attemptText, quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-008',
  title: "The Service's name does not resolve on the target",
  severities: ['critical', 'info'],
  meaning:
    'The Service works by address, but the target cannot resolve its name. Clients that use the name fail: the fault is in DNS, not in the Service.',
  rule: "The cluster IP (or an endpoint of a headless Service) answers, and two connections to NAME.NAMESPACE.svc fail because the name does not resolve, or get nowhere (critical). One of the two may be one lost packet of DNS: info. The same where the resolver is not the cluster's by the pod's dnsPolicy, but knows kubernetes.default.svc; where it does not: info. Of a Service that is younger than a minute it may be a denial in a cache: info.",
  source: 'Kubernetes documentation, "DNS for Services and Pods"',
  remedy: advice`Find out where it fails: ${nettools`dns ${TARGET} NAME.NAMESPACE.svc`}.`,
} as const;

/** A name server that stays silent takes all the time that the connection had; so does a port that is not the pods'. */
function failsByName({ isUnresolved, state }: Attempt, { info }: ServiceFacts): boolean {
  return isUnresolved || (state === 'silent' && !isUnmapped(info));
}

/** What the same resolver makes of a name that every name server of a cluster knows. */
type Known = 'this cluster' | 'another cluster' | 'nothing';

function knows({ reference, referenceName }: ServicesFacts): Known {
  const byName = referenceName?.reach.value?.address;
  const own = reference?.reach.value?.address;
  if (byName === undefined || referenceName?.isUnresolved === true) return 'nothing';
  return own === undefined || own === byName ? 'this cluster' : 'another cluster';
}

interface Why {
  /** The end of a sentence. */
  readonly text: string;
  readonly isFault: boolean;
  /** The name server lacks what the API has. */
  readonly isBehind?: boolean;
}

function why({ info, names }: ServiceFacts, facts: ServicesFacts): Why {
  const { hasClusterDns } = facts.input;
  const known = knows(facts);
  if (names.some(({ isUnresolved }) => !isUnresolved)) return { text: '', isFault: hasClusterDns };
  if (info.ageSeconds !== undefined && known === 'this cluster')
    return {
      text: `; it was made ${info.ageSeconds} s ago, and whoever asked for it before that left a denial in the caches of name servers, for half a minute mostly: measure again`,
      isFault: false,
    };
  if (known === 'this cluster')
    return {
      text: ', while the same resolver knows kubernetes.default.svc: its name server has not heard of this Service, which the API has',
      isFault: true,
      isBehind: true,
    };
  if (hasClusterDns) return { text: '', isFault: true };
  return {
    text:
      known === 'nothing'
        ? " (the pod's dnsPolicy gives it another resolver than the cluster's, or no search domains)"
        : ' (its resolver is that of another cluster: kubernetes.default.svc has another address there)',
    isFault: false,
  };
}

export const nameFails: Rule<ServicesFacts> = {
  meta,
  judge: (facts) =>
    facts.services.flatMap((service) => {
      const { info, virtual, endpoints, names } = service;
      const direct = virtual.length > 0 ? virtual : endpoints.map((e) => e.attempt);
      const failed = names.filter((one) => failsByName(one, service));
      const [first] = failed;
      if (!first || !direct.some((a) => a.state === 'works')) return [];
      // Where the address fails now and then, so does the name.
      if (direct.some((a) => a.state !== 'works')) return [];
      const full = `${info.name}.${info.namespace}.svc`;
      const isOnce = failed.length < names.length;
      const which = isOnce
        ? `by its name ${full} only once of ${names.length} times`
        : `not by its name ${full}`;
      const { text, isFault, isBehind } = why(service, facts);
      return [
        occurrence(
          meta,
          isFault && !isOnce ? 'critical' : 'info',
          `${info.label} answers by its address, but ${which}: ${attemptText(first)}${isOnce ? '' : text}.`,
          [...quoteAttempt(first), ...(isBehind === true ? quoteFound(facts) : [])],
          {
            subject: info.label,
            remediation:
              isBehind === true
                ? advice`See which of the name servers does not know it, and make that one list the Services of the API again: restart it, and see its log for what became of its watch.\n${nettools`dns ${TARGET} ${full}`}`
                : advice`Find out where it fails:\n${nettools`dns ${TARGET} ${full}`}`,
          },
        ),
      ];
    }),
};

/** That the resolver knows the other name. */
function quoteFound({ referenceName }: ServicesFacts): Quote[] {
  return quote(referenceName?.result, /^address /, 1);
}
