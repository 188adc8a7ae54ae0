import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type Attempt, endingText, type ServiceInfo, type ServicesFacts } from '../facts.ts';
import { quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-020',
  title: 'A pod of the Service ends and takes no connections any more',
  severities: ['info'],
  meaning:
    'A pod that is deleted is told to end at the same moment as the nodes are told not to lead anything to it, and those need a moment longer: up to some seconds, load balancers more. A server that closes its port at the first signal refuses what is led to it in that time, and in each rollout some requests are lost. A preStop hook that waits, or a server that goes on for a while after SIGTERM, bridges it. How many requests were lost is not seen here.',
  rule: 'A pod behind the DEST has been deleted (deletionTimestamp) and is still there, and its port refuses the connection of the target in its grace period.',
  source:
    'Kubernetes documentation, "Pod termination" (the endpoints and the signal go out side by side); KEP-1669',
  remedy:
    'Let the server serve on for some seconds after SIGTERM, or let it get the signal later: a preStop hook (sleep, 5 to 15 s; more behind a load balancer), with a terminationGracePeriodSeconds that has room for it.',
} as const;

function judge(info: ServiceInfo, attempts: readonly Attempt[]): Occurrence[] {
  return (info.ending ?? []).flatMap((one, i) => {
    const attempt = attempts[i];
    if (attempt?.state !== 'refused') return [];
    const hook = one.hasPreStop
      ? 'it has a preStop hook, and does not serve in it'
      : 'none of its containers has a preStop hook';
    const { namespace } = info;
    return [
      occurrence(
        meta,
        'info',
        `${endingText(one)} of ${info.label} refuses connections on port ${one.port} already, while it ends: what a node leads to it before it has heard of that is lost (${hook}).`,
        [
          quoteApi(
            kubectl`get pod -n ${namespace} ${one.pod} -o jsonpath={.metadata.deletionTimestamp}`,
            'set',
          ),
          ...quoteAttempt(attempt),
        ],
        {
          subject: info.label,
          remediation: advice`${meta.remedy}\n${kubectl`get pod -n ${namespace} ${one.pod} -o yaml`}`,
        },
      ),
    ];
  });
}

export const endingPod: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) => services.flatMap(({ info, ending }) => judge(info, ending)),
};
