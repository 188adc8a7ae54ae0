import { describe, expect, it } from 'vitest';
import { byCause, linkCauses } from '../../../src/checks/causes.ts';
import { FINDINGS } from '../../../src/checks/findings.ts';
import type { Finding, Severity } from '../../../src/model/report.ts';

const finding = (id: string, subject?: string, severity: Severity = 'critical'): Finding => ({
  id,
  severity,
  title: id,
  summary: `${id} ${subject ?? ''}`,
  evidence: [],
  remediation: 'mend it',
  ...(subject === undefined ? {} : { subject }),
});
const causes = (...findings: Finding[]) => linkCauses(findings).map((f) => f.causedBy);

/** Of each finding that there is. */
const IDS = FINDINGS.map(({ id }) => id);

describe('linkCauses', () => {
  it('links what follows from loss to the loss on the same way', () => {
    expect(
      causes(finding('NT-LAT-002', 'a'), finding('NT-LAT-001', 'a'), finding('NT-LAT-001', 'b')),
    ).toEqual([undefined, 'NT-LAT-002', undefined]);
  });

  it('links retransmissions, which are counted of the whole target, to the hole that full segments fall into', () => {
    expect(causes(finding('NT-LAT-003'), finding('NT-MTU-001', 'a'))).toEqual(['NT-MTU-001', undefined]);
  });

  it('links to the deepest cause', () => {
    expect(causes(finding('NT-LAT-002', 'a'), finding('NT-FW-001', 'a'), finding('NT-IF-001'))).toEqual([
      'NT-IF-001',
      'NT-IF-001',
      undefined,
    ]);
  });

  it('explains the endpoints that fail by what is known of one of them', () => {
    const endpoint = 'svc/db → db-0';
    expect(
      causes(finding('NT-SVC-007', 'svc/db'), finding('NT-FW-005', endpoint), finding('NT-FW-002', endpoint)),
    ).toEqual(['NT-FW-005', undefined, 'NT-FW-005']);
    // That it is silent explains nothing: of the two, the Service's finding is the story.
    expect(causes(finding('NT-SVC-007', 'svc/db'), finding('NT-FW-001', endpoint))).toEqual([
      undefined,
      'NT-SVC-007',
    ]);
    expect(causes(finding('NT-SVC-007', 'svc/db'), finding('NT-FW-005', 'svc/other → db-0'))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('explains a neighbour that is silent by the empty place in the network of Docker that it should be at', () => {
    expect(
      causes(
        finding('NT-DKR-016', 'a'),
        finding('NT-ARP-002', 'a'),
        finding('NT-FW-001', 'a'),
        finding('NT-ARP-002', 'b'),
      ),
    ).toEqual([undefined, 'NT-DKR-016', 'NT-DKR-016', undefined]);
  });

  it('explains a pod that is called ready, and refuses, by the loopback address that it listens on alone', () => {
    const [fresh, loopback] = [finding('NT-SYS-004', 'svc/web'), finding('NT-SOCK-002', 'svc/web')];
    expect(causes(fresh, loopback)).toEqual(['NT-SOCK-002', undefined]);
    expect(byCause(linkCauses([fresh, loopback])).map(({ id }) => id)[0]).toBe('NT-SOCK-002');
  });

  it('explains what a node gets no answer to by what it does not answer its pods', () => {
    expect(
      causes(
        finding('NT-RT-023', 'a'),
        finding('NT-FW-001', 'a'),
        finding('NT-RT-001'),
        finding('NT-LAT-002', 'b'),
      ),
    ).toEqual([undefined, 'NT-RT-023', undefined, 'NT-RT-001']);
  });

  it('explains answers that fail by the one name server that gives them', () => {
    expect(causes(finding('NT-DNS-004'), finding('NT-DNS-009', undefined, 'warning'))).toEqual([
      'NT-DNS-009',
      undefined,
    ]);
  });

  it('explains what a destination comes to by what is wrong with its name', () => {
    const name = finding('NT-DNS-014', 'api.example.test', 'warning');
    for (const subject of ['api.example.test:443', 'https://api.example.test:8443/v1', 'api.example.test'])
      expect(causes(name, finding('NT-TLS-002', subject))).toEqual([undefined, 'NT-DNS-014']);
    for (const subject of ['other.example.test:443', 'svc/api.example.test', 'x.api.example.test:443'])
      expect(causes(name, finding('NT-TLS-002', subject))).toEqual([undefined, undefined]);
  });

  it('explains by a drop what is about the same destination, and nothing by one of whoever', () => {
    expect(causes(finding('NT-DROP-001', 'a'), finding('NT-PATH-004', 'a'), finding('NT-MTU-001'))).toEqual([
      undefined,
      'NT-DROP-001',
      undefined,
    ]);
    expect(causes(finding('NT-DROP-002'), finding('NT-LAT-004'), finding('NT-MTU-001', 'a'))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('explains by an address that is used twice what refuses to send there, and no other refusal', () => {
    expect(causes(finding('NT-RT-002', 'a'), finding('NT-ARP-004', 'a'), finding('NT-RT-002', 'b'))).toEqual([
      'NT-ARP-004',
      undefined,
      undefined,
    ]);
    expect(causes(finding('NT-RT-002', 'a'), finding('NT-ARP-004'))).toEqual([undefined, undefined]);
  });

  it('explains nothing by an info, and no info', () => {
    expect(causes(finding('NT-LAT-002', 'a', 'info'), finding('NT-LAT-001', 'a'))).toEqual([
      undefined,
      undefined,
    ]);
    expect(causes(finding('NT-LAT-002', 'a'), finding('NT-LAT-001', 'a', 'info'))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('explains nothing of destinations that the cause is not on the way to', () => {
    const route = { ...finding('NT-RT-001'), spares: ['web'] };
    const effects = [
      finding('NT-FW-001', 'web'),
      finding('NT-FW-001', 'web → a'),
      finding('NT-FW-001', 'db'),
    ];
    expect(causes(route, ...effects)).toEqual([undefined, undefined, undefined, 'NT-RT-001']);
    // Another one of the same kind may be.
    expect(causes(route, finding('NT-RT-001'), ...effects).slice(2)).toEqual([
      'NT-RT-001',
      'NT-RT-001',
      'NT-RT-001',
    ]);
    expect(linkCauses([route])[0]).not.toHaveProperty('spares');
  });

  it('leads with the share of connections that is lost, and not with the one that was among them', () => {
    const share = { ...finding('NT-LAT-002', 'a'), covers: ['NT-FW-001'] as const };
    const one = finding('NT-FW-001', 'a');
    expect(causes(share, one)).toEqual([undefined, 'NT-LAT-002']);
    expect(causes(one, share, finding('NT-FW-001', 'b'))).toEqual(['NT-LAT-002', undefined, undefined]);
    // Where nothing at all is answered, that is what explains the loss.
    expect(causes(finding('NT-LAT-002', 'a'), one)).toEqual(['NT-FW-001', undefined]);
    // A cause of both is nearer than either.
    expect(causes(share, one, finding('NT-IF-001'))).toEqual(['NT-IF-001', 'NT-IF-001', undefined]);
    expect(causes({ ...share, severity: 'info' }, one)).toEqual([undefined, undefined]);
    expect(linkCauses([share])[0]).not.toHaveProperty('covers');
  });

  it('names findings and classes that there are', () => {
    const effects = FINDINGS.flatMap(({ explains }) => [
      ...(explains?.target ?? []),
      ...(explains?.subject ?? []),
    ]);
    expect(effects.filter((one) => !IDS.some((id) => id === one || id.startsWith(`${one}-`)))).toEqual([]);
  });

  it('has one order of the causes', () => {
    const depths = FINDINGS.flatMap(({ explains }) => (explains === undefined ? [] : [explains.depth]));
    expect(depths.filter((depth, i) => depths.indexOf(depth) !== i)).toEqual([]);
  });

  it('never lets findings explain each other in a circle, which would leave the report without a cause', () => {
    const edges = new Map(IDS.map((id) => [id, new Set<string>()]));
    for (const a of IDS) {
      for (const b of IDS) {
        if (a !== b && causes(finding(a, 'x'), finding(b, 'x'))[1] === a) edges.get(a)?.add(b);
      }
    }
    const reach = (from: string, seen = new Set<string>()): Set<string> => {
      for (const next of edges.get(from) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        reach(next, seen);
      }
      return seen;
    };
    expect(IDS.filter((id) => reach(id).has(id))).toEqual([]);
  });
});

describe('byCause', () => {
  it('puts what DEST comes to before the share of lost packets of the name server', () => {
    const order = (...found: Finding[]) => byCause(found).map(({ id }) => id);
    const [lossy, shut] = [finding('NT-LAT-002', 'dns'), finding('NT-FW-003', 'pod/far:8080')];
    expect(order(lossy, shut)).toEqual(['NT-FW-003', 'NT-LAT-002']);
    expect(order(finding('NT-LAT-002', 'pod/near:80'), shut)).toEqual(['NT-LAT-002', 'NT-FW-003']);
    expect(order({ ...shut, severity: 'warning' }, lossy)).toEqual(['NT-LAT-002', 'NT-FW-003']);
  });

  it('has causes first, then the gravest, and keeps the order of what is alike', () => {
    const linked = linkCauses([
      finding('NT-LAT-006', 'c', 'warning'),
      finding('NT-LAT-001', 'a', 'warning'),
      finding('NT-SYS-001', undefined, 'info'),
      finding('NT-LAT-002', 'a'),
      finding('NT-LAT-006', 'd', 'warning'),
    ]);
    expect(byCause(linked).map((f) => f.summary)).toEqual([
      'NT-LAT-002 a',
      'NT-LAT-006 c',
      'NT-LAT-006 d',
      'NT-SYS-001 ',
      'NT-LAT-001 a',
    ]);
  });
});
