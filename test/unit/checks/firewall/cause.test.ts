import { describe, expect, it } from 'vitest';
import { type Cause, causeOf, type Signs } from '../../../../src/checks/firewall/cause.ts';
import type { ReachTry } from '../../../../src/parsers/reach.ts';
import type { TcpSocket } from '../../../../src/parsers/ss.ts';
import type { Unreachable, UnreachableKind } from '../../../../src/parsers/unreachable.ts';

const SERVER = '198.51.100.7';
const OWN = '198.51.100.2';
const ROUTER = '198.51.100.1';

const failed = (error: string, ms = 0.2): ReachTry => ({ outcome: 'failed', error, ms });
const waiting: ReachTry = { outcome: 'unanswered', ms: 3600 };
const told = (kind: UnreachableKind, sender: string): Unreachable => ({
  sender,
  about: SERVER,
  port: undefined,
  protocol: undefined,
  kind,
  line: '',
});
const socket = (rest: Partial<TcpSocket>): TcpSocket => ({
  state: 'SYN-SENT',
  local: `${OWN}:40000`,
  peer: `${SERVER}:80`,
  rtt: undefined,
  minRtt: undefined,
  retransmits: 0,
  retransmitsInFlight: 0,
  backoff: 0,
  acknowledged: 0,
  sendQueue: 1,
  ...rest,
});
const neighbour = (state: string) => ({ address: ROUTER, device: 'eth0', mac: undefined, state });

function cause(
  last: ReachTry,
  rest: Partial<Signs> & { readonly grown?: Partial<Signs['grown']> } = {},
): Cause {
  const { grown, ...signs } = rest as Partial<Signs>;
  return causeOf({
    reach: { address: SERVER, unresolved: undefined, routes: [], tries: [last] },
    protocol: 'tcp',
    expectsAnswer: true,
    address: SERVER,
    hop: { neighbour: ROUTER, viaGateway: true, device: 'eth0', source: OWN },
    neighbour: neighbour('REACHABLE'),
    icmp: [],
    listened: true,
    expiredAt: [],
    socket: undefined,
    forbidding: [],
    ...signs,
    grown: {
      synRetrans: 0,
      retransFail: 0,
      icmpUnreachable: 0,
      noRoutes: 0,
      resets: 0,
      tableOverflows: 0,
      ...grown,
    },
  });
}

describe('silence', () => {
  it("is told by the probe's own socket first, by everybody's counters else", () => {
    const counters = { synRetrans: 3, retransFail: 3 } as Signs['grown'];
    expect(
      cause(waiting, { socket: socket({ retransmits: 2, retransmitsInFlight: 1 }), grown: counters }),
    ).toEqual({
      kind: 'dropped',
    });
    expect(cause(waiting, { socket: socket({ retransmits: 2 }) })).toEqual({ kind: 'dropped-here' });
    expect(cause(waiting, { grown: counters })).toEqual({ kind: 'dropped-here' });
    expect(cause(waiting, { grown: { ...counters, retransFail: 2 } })).toEqual({ kind: 'dropped' });
    expect(cause(waiting)).toEqual({ kind: 'dropped' });
  });

  it('is no silence where the neighbour did not answer', () => {
    for (const state of ['FAILED', 'INCOMPLETE']) {
      expect(cause(waiting, { neighbour: neighbour(state) })).toEqual({
        kind: 'no-neighbour',
        neighbour: ROUTER,
        viaGateway: true,
      });
    }
    expect(cause(waiting, { neighbour: neighbour('STALE') })).toEqual({ kind: 'dropped' });
  });

  it('is the table’s fault only for what was not sent', () => {
    const full = { tableOverflows: 1 } as Signs['grown'];
    expect(cause(waiting, { grown: full })).toEqual({ kind: 'neighbour-table-full' });
    expect(
      cause(waiting, { grown: full, socket: socket({ retransmits: 1, retransmitsInFlight: 1 }) }),
    ).toEqual({
      kind: 'dropped',
    });
  });

  it('of a datagram says something only where an answer was due', () => {
    const silent: ReachTry = { outcome: 'silent', ms: 1050 };
    expect(cause(silent, { protocol: 'udp' })).toEqual({ kind: 'dropped' });
    expect(cause(silent, { protocol: 'udp', expectsAnswer: false })).toEqual({ kind: 'no-datagram' });
  });
});

describe('a header that somebody calls wrong', () => {
  it('is what the kernel makes of a parameter problem alone', () => {
    expect(cause(failed('Protocol error'))).toEqual({ kind: 'wrong-header' });
    expect(cause(failed('Bad message'))).toEqual({ kind: 'error', error: 'Bad message' });
  });
});

describe('refusal', () => {
  const refused = failed('Connection refused');
  it('by a reset, or by ICMP of whom', () => {
    expect(cause(refused)).toEqual({ kind: 'refused' });
    expect(cause(refused, { icmp: [told('port-unreachable', ROUTER)] })).toEqual({
      kind: 'rejected',
      sender: ROUTER,
    });
    expect(cause(refused, { icmp: [told('port-unreachable', SERVER)] })).toEqual({
      kind: 'rejected',
      sender: SERVER,
    });
    const udp = { protocol: 'udp' } as const;
    expect(cause(refused, { ...udp, icmp: [told('port-unreachable', SERVER)] })).toEqual({ kind: 'refused' });
    expect(cause(refused, { ...udp, icmp: [told('port-unreachable', ROUTER)] })).toEqual({
      kind: 'rejected',
      sender: ROUTER,
    });
  });

  it('without listening, is told by the counter', () => {
    const deaf = { listened: false };
    const grown = { icmpUnreachable: 1 } as Signs['grown'];
    expect(cause(refused, { ...deaf, grown })).toEqual({ kind: 'rejected', sender: undefined });
    expect(cause(refused, deaf)).toEqual({ kind: 'refused' });
    expect(cause(refused, { grown })).toEqual({ kind: 'refused' });
    expect(cause(refused, { ...deaf, grown, protocol: 'udp' })).toEqual({ kind: 'refused' });
  });

  it('without listening, at an address of its own, is told by the resets that its TCP sent', () => {
    const of = (routes: readonly string[], resets: number) =>
      cause(refused, {
        listened: false,
        grown: { icmpUnreachable: 1, resets } as Signs['grown'],
        reach: { address: SERVER, unresolved: undefined, routes, tries: [refused] },
      });
    const own = ['local 198.51.100.7 dev lo src 198.51.100.7'];
    expect(of(own, 2)).toEqual({ kind: 'refused' });
    expect(of(own, 0)).toEqual({ kind: 'rejected', sender: undefined });
    expect(of(['198.51.100.7 via 198.51.100.1 dev eth0'], 2)).toEqual({
      kind: 'rejected',
      sender: undefined,
    });
  });
});

describe('no route to host', () => {
  const text = 'No route to host';
  it('at once is a filter’s, or the target’s own', () => {
    expect(cause(failed(text), { icmp: [told('prohibited', ROUTER)] })).toEqual({
      kind: 'prohibited',
      sender: ROUTER,
    });
    expect(cause(failed(text))).toEqual({ kind: 'forbidding-route', type: 'unreachable' });
    const grown = { icmpUnreachable: 1 } as Signs['grown'];
    expect(cause(failed(text), { listened: false, grown })).toEqual({
      kind: 'prohibited',
      sender: undefined,
    });
    const forbidding = ['unreachable 198.51.100.7 dev lo'];
    expect(cause(failed(text), { listened: false, grown, forbidding })).toEqual({
      kind: 'forbidding-route',
      type: 'unreachable',
    });
  });

  it('after seconds is a neighbour’s', () => {
    expect(cause(failed(text, 3070), { icmp: [told('host-unreachable', OWN)] })).toMatchObject({
      kind: 'no-neighbour',
    });
    expect(cause(failed(text, 3070), { icmp: [told('host-unreachable', ROUTER)] })).toEqual({
      kind: 'no-host-there',
      sender: ROUTER,
    });
    expect(cause(failed(text, 2500), { neighbour: neighbour('FAILED') })).toMatchObject({
      kind: 'no-neighbour',
    });
    expect(cause(failed(text, 2500))).toEqual({ kind: 'no-host-there', sender: undefined });
    expect(cause(failed(text, 2499))).toEqual({ kind: 'forbidding-route', type: 'unreachable' });
  });
});

describe('other errors', () => {
  it.each<[string, Partial<Signs>, Cause]>([
    [
      'Network is unreachable',
      { icmp: [told('net-unreachable', ROUTER)] },
      { kind: 'no-route-there', sender: ROUTER },
    ],
    [
      'Network is unreachable',
      { icmp: [told('prohibited', ROUTER)] },
      { kind: 'prohibited', sender: ROUTER },
    ],
    ['Network is unreachable', { hop: undefined }, { kind: 'no-route' }],
    ['Network is unreachable', {}, { kind: 'no-route-there', sender: undefined }],
    ['Permission denied', {}, { kind: 'forbidding-route', type: 'prohibit' }],
    ['Invalid argument', {}, { kind: 'forbidding-route', type: 'blackhole' }],
    ['Operation not permitted', {}, { kind: 'dropped-here' }],
    ['Cannot assign requested address', {}, { kind: 'no-local-port' }],
    ['Cannot assign requested address', { hop: undefined }, { kind: 'no-local-port' }],
    [
      'Cannot assign requested address',
      { hop: { neighbour: '2001:db8::7', viaGateway: false, device: 'eth0', source: undefined } },
      { kind: 'error', error: 'Cannot assign requested address' },
    ],
    ['No buffer space available', {}, { kind: 'neighbour-table-full' }],
    ['Connection timed out', {}, { kind: 'dropped' }],
    ['Protocol not supported', {}, { kind: 'error', error: 'Protocol not supported' }],
  ])('%s', (error, signs, expected) => {
    expect(cause(failed(error), signs)).toEqual(expected);
  });

  it('IPv6 says "Permission denied" for a filter’s message too', () => {
    const denied = failed('Permission denied');
    const v6 = { address: '2001:db8::7' };
    const grown = { icmpUnreachable: 1 } as Signs['grown'];
    const prohibit = { kind: 'forbidding-route', type: 'prohibit' };
    expect(cause(denied, { ...v6, icmp: [told('prohibited', ROUTER)] })).toEqual({
      kind: 'prohibited',
      sender: ROUTER,
    });
    expect(cause(denied, { ...v6, listened: false, grown })).toEqual({
      kind: 'prohibited',
      sender: undefined,
    });
    expect(cause(denied, { ...v6, listened: false })).toEqual(prohibit);
    const forbidding = ['prohibit 2001:db8::7 dev lo'];
    expect(cause(denied, { ...v6, listened: false, grown, forbidding })).toEqual(prohibit);
    expect(cause(denied, { ...v6, grown })).toEqual({ kind: 'prohibited', sender: undefined });
    expect(cause(denied, { listened: false, grown })).toEqual(prohibit);
  });

  it('IpOutNoRoutes tells the target’s own lack of a route', () => {
    expect(cause(failed('Network is unreachable'), { grown: { noRoutes: 1 } as Signs['grown'] })).toEqual({
      kind: 'no-route',
    });
  });
});

describe('a stall', () => {
  const connected: ReachTry = { outcome: 'connected', ms: 0.2 };
  const stalled = { state: 'ESTAB', sendQueue: 4096, backoff: 2, minRtt: 0.1, acknowledged: 1 };
  it.each([
    ['a backoff of 2', {}, 'stalled'],
    ['a backoff of 1', { backoff: 1 }, 'open'],
    ['nothing that waits', { sendQueue: 0 }, 'open'],
    ['a round trip of 499 ms', { minRtt: 499 }, 'stalled'],
    ['a round trip of 500 ms', { minRtt: 500 }, 'open'],
  ])('with %s', (_what, rest, kind) => {
    const found = cause(connected, { socket: socket({ ...stalled, ...rest }) });
    expect(found).toEqual({ kind, ...(kind === 'stalled' ? { isDeaf: false } : {}) });
  });

  it('needs a socket', () => {
    expect(cause(connected)).toEqual({ kind: 'open' });
  });
});

describe('a packet whose time to live is over', () => {
  const unreachable: ReachTry = { ms: 2, outcome: 'failed', error: 'No route to host' };

  it('fails a connection as an unreachable host does, and is told from it', () => {
    expect(cause(unreachable, { expiredAt: [ROUTER] })).toEqual({ kind: 'circle', sender: ROUTER });
    expect(cause(unreachable, { expiredAt: [ROUTER], forbidding: ['unreachable 203.0.113.0/24'] })).toEqual({
      kind: 'forbidding-route',
      type: 'unreachable',
    });
  });
});
