import { describe, expect, it } from 'vitest';
import { onceForService } from '../../../../src/checks/shared/service-story.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import type { Occurrence } from '../../../../src/model/finding.ts';

const at = (label: string, service?: Destination['service']): Destination => ({
  id: 'to0',
  label,
  host: '192.0.2.1',
  port: '80',
  anyPort: false,
  role: 'asked',
  inCluster: true,
  protocol: 'tcp',
  ...(service ? { service } : {}),
});
const DESTINATIONS = [
  at('svc/web', { label: 'svc/web', part: 'virtual' }),
  at('svc/web → a', { label: 'svc/web', part: 'endpoint' }),
  at('svc/web → b', { label: 'svc/web', part: 'endpoint' }),
  at('pod/c'),
];
const found = (id: string, subject: string): Occurrence => ({
  id,
  severity: 'critical',
  title: '',
  summary: 'It is silent.',
  evidence: [],
  remediation: '',
  subject,
});
const told = (...findings: Occurrence[]) =>
  onceForService(findings, DESTINATIONS).map(({ id, subject, summary }) => [id, subject, summary]);

describe('onceForService', () => {
  it('tells of the Service what holds for all of it', () => {
    expect(
      told(
        found('NT-FW-001', 'svc/web'),
        found('NT-FW-001', 'svc/web → a'),
        found('NT-FW-001', 'svc/web → b'),
        found('NT-FW-001', 'pod/c'),
      ),
    ).toEqual([
      ['NT-FW-001', 'svc/web', 'It is silent. The same goes for each of its 2 endpoints by itself.'],
      ['NT-FW-001', 'pod/c', 'It is silent.'],
    ]);
  });

  it.each([
    ['one endpoint is another matter', [found('NT-FW-001', 'svc/web'), found('NT-FW-001', 'svc/web → a')]],
    ['the address works', [found('NT-FW-001', 'svc/web → a'), found('NT-FW-001', 'svc/web → b')]],
    [
      'the causes differ',
      [found('NT-FW-001', 'svc/web'), found('NT-FW-001', 'svc/web → a'), found('NT-FW-003', 'svc/web → b')],
    ],
  ])('names each where %s', (_title, findings) => {
    expect(onceForService(findings, DESTINATIONS)).toEqual(findings);
  });

  it('leaves a Service without endpoints as it is', () => {
    const [virtual] = DESTINATIONS;
    const findings = [found('NT-SVC-001', 'svc/web')];
    expect(onceForService(findings, virtual ? [virtual] : [])).toEqual(findings);
  });
});
