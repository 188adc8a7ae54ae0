import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Quote } from '../../../model/report.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, TooLong } from '../facts.ts';

const meta = {
  id: 'NT-DNS-026',
  title: 'A part of the name is longer than DNS allows',
  severities: ['critical'],
  meaning:
    'Between two dots a name has 63 characters at most. A longer one is in no name server, and resolvers do not even ask for it. Pods may have names of up to 253 characters; the kubelet cuts the host name that it gives them at 63, and the full name of such a pod is published nowhere.',
  rule: 'The host of a DEST, for a pod that has no such name in its hostAliases, has a label of more than 63 characters. It says whether that is the name of a pod of the namespace (API).',
  source: 'RFC 1035, 2.3.4; kubernetes/kubernetes, pkg/kubelet/util: hostnames are cut at 63 characters',
  remedy:
    "Use a name whose parts are 63 characters or shorter: give the pod a short spec.hostname (with a subdomain and a headless Service it is then HOSTNAME.SUBDOMAIN), shorten the name of what makes the pods, or use a Service's name.",
} as const;

function whose({ label, pod }: TooLong): string {
  return pod === undefined
    ? ''
    : `: it is pod ${pod.name}, whose own host name was cut to ${hostName(label)}, and whose full name is published nowhere`;
}

/** As the kubelet cuts it: no hyphen or dot is left at the end. */
function hostName(label: string): string {
  return label.slice(0, 63).replace(/[-.]+$/, '');
}

function shown({ label, pod }: TooLong): Quote {
  return pod === undefined
    ? { command: ['expr', 'length', label], excerpt: String(label.length) }
    : quoteApi(kubectl`get pod -n ${pod.namespace} ${pod.name}`, `a name of ${label.length} characters`);
}

function remedyFor({ pod }: TooLong): { remediation?: Advice } {
  return pod === undefined
    ? {}
    : { remediation: advice`${meta.remedy}\n${kubectl`get pod -n ${pod.namespace} ${pod.name} -o wide`}` };
}

export const tooLongName: Rule<DnsFacts> = {
  meta,
  judge: ({ input: { tooLong = [] } }) =>
    tooLong.map((one) =>
      occurrence(
        meta,
        'critical',
        `${one.host} cannot resolve: its part ${one.label} has ${one.label.length} characters, and DNS allows 63${whose(one)}.`,
        [shown(one)],
        { subject: one.host, ...remedyFor(one) },
      ),
    ),
};
