import { occurrence, type Rule } from '../../rule.ts';
import type { ServicesFacts } from '../facts.ts';
import { quoteAttempt } from '../words.ts';

const meta = {
  id: 'NT-SVC-008',
  title: "The Service's name does not resolve on the target",
  severities: ['critical'],
  meaning:
    'The Service works by its address, but the target cannot look its name up. Clients that use the name fail: the fault is in DNS, not in the Service.',
  rule: 'The cluster IP (or an endpoint of a headless Service) answers, and NAME.NAMESPACE.svc does not resolve on the target.',
  source: 'Kubernetes documentation, "DNS for Services and Pods"',
  remedy: 'Find out where it fails: kubectl nettools dns POD NAME.NAMESPACE.svc.',
} as const;

export const nameFails: Rule<ServicesFacts> = {
  meta,
  judge: ({ services }) =>
    services.flatMap(({ info, virtual, endpoints, name }) => {
      const works = [...virtual, ...endpoints.map((e) => e.attempt)].some((a) => a.state === 'works');
      if (!works || !name?.reach.skipped?.startsWith('the name does not resolve')) return [];
      const full = `${info.name}.${info.namespace}.svc`;
      return [
        occurrence(
          meta,
          'critical',
          `${info.label} answers by its address, but ${full} cannot be used: ${name.reach.skipped}.`,
          quoteAttempt(name),
          { subject: info.label, remediation: `Find out where it fails: kubectl nettools dns POD ${full}.` },
        ),
      ];
    }),
};
