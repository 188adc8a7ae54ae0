import { describe, expect, it } from 'vitest';
import { DiagnosisLimit, findingsAbout } from '../../../src/watch/diagnosis.ts';
import { check, finding, report } from '../report/build.ts';

describe('diagnoses of a watch', () => {
  it('are one a minute of each DEST', () => {
    const limit = new DiagnosisLimit();
    const begun = [
      ['svc/db', 0],
      ['svc/db', 59_999],
      ['cache:6379', 59_999],
      ['svc/db', 60_000],
      ['svc/db', 119_999],
    ] as const;
    expect(begun.map(([asked, now]) => limit.mayBegin(asked, now))).toEqual([true, false, true, true, false]);
  });

  it('are fifty in all', () => {
    const limit = new DiagnosisLimit();
    const begun = Array.from({ length: 60 }, (_, at) => limit.mayBegin(`dest-${at}`, 0));
    expect(begun.filter(Boolean)).toHaveLength(50);
  });
});

describe('what a diagnosis says of an outage', () => {
  const of = (subject: string | undefined, id: string, causedBy?: string) =>
    finding(id, 'critical', {
      ...(subject === undefined ? {} : { subject }),
      ...(causedBy === undefined ? {} : { causedBy }),
    });
  const all = report(
    check('firewall', {
      findings: [
        of(undefined, 'NT-IF-001'),
        of('svc/db:5432 → db-0', 'NT-FW-001', 'NT-IF-001'),
        of('cache:6379', 'NT-FW-004'),
        of('svc/db:5432', 'NT-SVC-001'),
        finding('NT-LAT-002', 'info', { subject: 'svc/db:5432' }),
      ],
    }),
  );

  it('is first of its destination, then of the target, last what follows from another; of other destinations nothing', () => {
    const said = findingsAbout(all, 'svc/db:5432 → db-0', 'svc/db:5432');
    expect(said.map(({ id }) => id)).toEqual(['NT-SVC-001', 'NT-IF-001', 'NT-FW-001']);
  });
});
