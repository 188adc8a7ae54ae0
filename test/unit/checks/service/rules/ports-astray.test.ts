/** NT-SVC-025, NT-SVC-026, NT-SVC-027 and NT-SYS-004, judged from plain results. */
import { describe, expect, it } from 'vitest';
import service from '../../../../../src/checks/service/check.ts';
import type { ServiceInfo, ServiceInput } from '../../../../../src/checks/service/facts.ts';
import type { ProbeScripts } from '../../../../../src/model/check.ts';
import type { ProbeResult } from '../../../../../src/model/evidence.ts';
import { evidence, named, remedyOf, result } from '../../results.ts';

const at = (address: string, ending: string) =>
  result(`address ${address}\ntry 400000\n${ending}\n`, { durationMs: 4000 });
const OK = at('198.18.1.7', 'ok 300');
const REFUSED = at('198.18.1.7', 'environment: connect: Connection refused\nfailed 211');
const SILENT = result('address 198.18.1.7\ntry 400000\n', {
  durationMs: 4000,
  status: 'timeout',
  code: 124,
});
const UNRESOLVED = result('unresolved\n');
/** Of datagrams. */
const UNANSWERED = at(
  '198.18.1.7',
  'silent 1050000\ntry 1500000\nsilent 1050000\ntry 2600000\nsilent 1050000',
);
/** Its pod has sent as many ICMP errors as it may for now. */
const UNREACHABLE_FIRST = at(
  '198.18.1.7',
  'environment: line 60: read error: 0: Connection refused\nfailed 200\ntry 700000\nsilent 1050000\ntry 1800000\nsilent 1050000',
);
const ANSWERED = at('198.18.1.7', 'answered 300');
const UNREACHABLE = at('198.18.1.7', 'environment: line 60: read error: 0: Connection refused\nfailed 200');

const BASE: ServiceInfo = {
  id: 'svc0',
  label: 'http://head/',
  namespace: 'shop',
  name: 'head',
  type: 'ClusterIP',
  protocol: 'tcp',
  port: 80,
  targetPort: '8080',
  internalTrafficPolicy: 'Cluster',
  selector: 'app=head',
  endpoints: [{ address: '198.18.1.7', port: 8080, pod: 'head-0', otherPorts: [] }],
  ready: 1,
  leaving: 0,
  notReady: [],
  selected: 1,
  isPortUnnamed: false,
};

type Results = Readonly<Record<string, Omit<ProbeResult, 'id'>>>;

function judged(info: Partial<ServiceInfo>, results: Results) {
  const input: ServiceInput = {
    services: [{ ...BASE, ...info }],
    node: 'node1',
    addresses: ['198.18.1.50'],
    hasClusterDns: true,
  };
  const seen = evidence({
    'reference-reach': at('198.19.0.1', 'ok 200'),
    'reference-name-reach': at('198.19.0.1', 'ok 200'),
    ...results,
  });
  const more = service.followUp?.(seen, input, {} as ProbeScripts) ?? [];
  return {
    judgement: service.judge(seen, input),
    asked: more.map(({ id }) => id),
    shown: more.map(({ display = [] }) => display.join(' ')),
  };
}

describe('NT-SVC-025, a headless Service asked for a port that nobody translates', () => {
  const head = (results: Results, info: Partial<ServiceInfo> = {}) =>
    judged({ isHost: true, ...info }, results).judgement;
  const named2 = (one: Omit<ProbeResult, 'id'>) => ({
    'svc0-name-reach': one,
    'svc0-name-again1-reach': one,
  });

  it.each([
    ['refused', REFUSED, 'comes to "Connection refused"'],
    ['silent', SILENT, 'comes to no answer within'],
  ])('is named where the port is %s', (_what, by, says) => {
    const found = head({ 'svc0-endpoint0-reach': OK, ...named2(by) });
    expect(named(found)).toEqual(['NT-SVC-025 critical']);
    expect(found.findings[0]?.summary).toContain(
      'http://head/ asks for port 80 of Service shop/head, which is headless (clusterIP: None)',
    );
    expect(found.findings[0]?.summary).toContain(says);
    expect(remedyOf(found.findings[0])).toContain('ask for port 8080 (head.shop:8080)');
  });

  it.each<[string, Results, Partial<ServiceInfo>]>([
    ['somebody translates it all the same', { 'svc0-endpoint0-reach': OK, ...named2(OK) }, {}],
    [
      'the port is that of the pods',
      { 'svc0-endpoint0-reach': OK, ...named2(REFUSED) },
      { endpoints: [{ address: '198.18.1.7', port: 80, otherPorts: [] }] },
    ],
    ['its name has no address', { 'svc0-endpoint0-reach': OK, ...named2(UNRESOLVED) }, {}],
    ['DEST is the Service itself', { 'svc0-endpoint0-reach': OK, ...named2(REFUSED) }, { isHost: false }],
    [
      'only one of two was refused',
      { 'svc0-endpoint0-reach': OK, 'svc0-name-reach': REFUSED, 'svc0-name-again1-reach': OK },
      {},
    ],
  ])('is not where %s', (_what, results, info) => {
    expect(named(head(results, info))).not.toContain('NT-SVC-025 critical');
  });

  it('names no Service beside it that would select its pods, where it selects none itself', () => {
    const refused = { 'svc0-endpoint0-reach': OK, ...named2(REFUSED) };
    expect(remedyOf(head(refused).findings[0])).toContain('kubectl expose service');
    const without = { selector: undefined } as unknown as Partial<ServiceInfo>;
    expect(remedyOf(head(refused, without).findings[0])).toBe(
      'Let clients ask for port 8080 (head.shop:8080).',
    );
  });

  it('is not where the pods do not take it at their own port either', () => {
    const found = head({ 'svc0-endpoint0-reach': REFUSED, ...named2(REFUSED) });
    expect(named(found)).toEqual(['NT-SVC-007 critical']);
  });

  it('no silence at a port that is not the pods’ is one of the name (NT-SVC-008)', () => {
    const found = head({ 'svc0-endpoint0-reach': OK, ...named2(SILENT) }, { isHost: false });
    expect(named(found)).toEqual([]);
  });
});

describe('NT-SVC-026, TCP for a program that takes datagrams', () => {
  const STATSD: Partial<ServiceInfo> = {
    label: 'svc/statsd',
    clusterIp: '198.19.0.5',
    port: 8125,
    targetPort: '8125',
    isTcpAlone: true,
    endpoints: [{ address: '198.18.1.7', port: 8125, pod: 'statsd', otherPorts: [] }],
  };
  const tcp = { 'svc0-endpoint0-reach': REFUSED, 'svc0-virtual0-reach': REFUSED, 'svc0-name-reach': REFUSED };
  const udp = (same: Omit<ProbeResult, 'id'>, other: Omit<ProbeResult, 'id'>) => ({
    'svc0-endpoint0-udp-same-reach': same,
    'svc0-endpoint0-udp-other-reach': other,
  });

  it.each([
    ['answers', ANSWERED, 'is answered: its program takes UDP'],
    [
      'is not refused',
      UNANSWERED,
      'is not refused, while one to a port that nobody uses is: its program takes UDP',
    ],
  ])('is named where a datagram %s', (_what, same, says) => {
    const { judgement, asked } = judged(STATSD, { ...tcp, ...udp(same, UNREACHABLE) });
    expect(asked).toEqual(['svc0-endpoint0-udp-same-reach', 'svc0-endpoint0-udp-other-reach']);
    expect(named(judgement)).toEqual(['NT-SVC-026 critical']);
    expect(judgement.findings[0]?.summary).toContain(says);
  });

  it('compares with a port of which firewalls think alike, and not with those of traceroute', () => {
    expect(judged(STATSD, tcp).shown).toEqual(['reach udp 198.18.1.7 8125', 'reach udp 198.18.1.7 8132']);
    const high = [{ address: '198.18.1.7', port: 65_535, otherPorts: [] }];
    expect(judged({ ...STATSD, endpoints: high }, tcp).shown[1]).toBe('reach udp 198.18.1.7 65528');
  });

  it.each([
    ['both are refused', UNREACHABLE, UNREACHABLE],
    ['both are silent: a firewall takes them', UNANSWERED, UNANSWERED],
    ['the port is refused alone', UNREACHABLE, UNANSWERED],
    ['the port was refused at first', UNREACHABLE_FIRST, UNREACHABLE],
  ])('is not where %s', (_what, same, other) => {
    expect(named(judged(STATSD, { ...tcp, ...udp(same, other) }).judgement)).toEqual(['NT-SVC-007 critical']);
  });

  it.each<[string, Partial<ServiceInfo>, Results]>([
    ['that works', STATSD, { 'svc0-endpoint0-reach': OK, 'svc0-virtual0-reach': OK }],
    ['that is silent', STATSD, { ...tcp, 'svc0-endpoint0-reach': SILENT }],
    ['that has the port as UDP too', { ...STATSD, isTcpAlone: false }, tcp],
    [
      'whose pods have another port open',
      { ...STATSD, endpoints: [{ address: '198.18.1.7', port: 8125, pod: 'statsd', otherPorts: [9090] }] },
      { ...tcp, 'svc0-endpoint0-9090-reach': OK },
    ],
  ])('asks nothing more of a Service %s', (_what, info, results) => {
    expect(judged(info, results).asked).toEqual([]);
  });
});

describe('NT-SVC-027, an alias for an address', () => {
  const ALIAS: Partial<ServiceInfo> = {
    label: 'svc/db',
    name: 'db',
    type: 'ExternalName',
    externalName: '203.0.113.7',
    endpoints: [],
    ready: 0,
    port: 0,
    targetPort: '',
  };
  const lost = { 'svc0-name-reach': UNRESOLVED, 'svc0-name-again1-reach': UNRESOLVED };

  it('is named where its name has no address', () => {
    const { judgement } = judged(ALIAS, lost);
    expect(named(judgement)).toEqual(['NT-SVC-027 critical']);
    expect(judgement.findings[0]?.summary).toMatch(
      /^svc\/db is an alias \(ExternalName\) for 203\.0\.113\.7, which is an address: .* so db\.shop\.svc has no address\./,
    );
  });

  it.each<[string, Partial<ServiceInfo>, Results]>([
    [
      'some name server makes an address of it',
      ALIAS,
      { 'svc0-name-reach': OK, 'svc0-name-again1-reach': OK },
    ],
    ['it had one once', ALIAS, { 'svc0-name-reach': UNRESOLVED, 'svc0-name-again1-reach': OK }],
    ['nothing resolves at all', ALIAS, { ...lost, 'reference-name-reach': UNRESOLVED }],
    ['it is an alias for a name', { ...ALIAS, externalName: 'db.example.com' }, lost],
    ['its name only begins with an address', { ...ALIAS, externalName: '203.0.113.7.example.com' }, lost],
  ])('is not where %s', (_what, info, results) => {
    expect(named(judged(info, results).judgement)).toEqual([]);
  });
});

describe('NT-SYS-004, a container that was just started and that nobody asks', () => {
  const unprobed = { container: 'app', startedSeconds: 12 };
  const of = (ones: readonly object[], results: Results) =>
    judged(
      {
        label: 'svc/slow',
        clusterIp: '198.19.0.5',
        endpoints: ones.map((one, i) => ({
          address: `198.18.1.${i}`,
          port: 8080,
          pod: `slow-${i}`,
          otherPorts: [],
          ...one,
        })),
        ready: ones.length,
      },
      { 'svc0-virtual0-reach': REFUSED, ...results },
    ).judgement;

  it('is why its pod is called ready', () => {
    const found = of([{ unprobed }], { 'svc0-endpoint0-reach': REFUSED });
    expect(named(found)).toEqual(['NT-SYS-004 critical', 'NT-SVC-007 critical']);
    expect(found.findings[0]?.subject).toBe('svc/slow');
    expect(found.findings[0]?.summary).toContain(
      'its container app was started 12 s ago and has no readinessProbe, so the pod is called ready, and gets connections, whether or not its program listens yet',
    );
    expect(remedyOf(found.findings[0])).toContain('kubectl nettools sockets slow-0 -n shop');
  });

  it('tells how it ended before, where it was started anew', () => {
    const again = { ...unprobed, ended: '(Error, exit code 1)' };
    expect(of([{ unprobed: again }], { 'svc0-endpoint0-reach': REFUSED }).findings[0]?.summary).toContain(
      'listens yet; it was started anew, since it had ended (Error, exit code 1).',
    );
  });

  it('is one pod among others', () => {
    const found = of([{ unprobed }, {}], {
      'svc0-endpoint0-reach': REFUSED,
      'svc0-endpoint1-reach': SILENT,
    });
    expect(found.findings[0]?.subject).toBe('svc/slow → slow-0');
  });

  it.each([
    ['is asked or runs for long', {}, REFUSED],
    ['is silent, which is no program that has not begun', { unprobed }, SILENT],
    ['listens by now', { unprobed }, OK],
  ])('is nothing where it %s', (_what, one, seen) => {
    expect(named(of([one], { 'svc0-endpoint0-reach': seen }))).not.toContain('NT-SYS-004 critical');
  });
});
