import { describe, expect, it } from 'vitest';
import { markedWay, signOfProxy, type WayBooks } from '../../../../src/checks/firewall/marked-way.ts';
import type { MarkRule, ProxyRule } from '../../../../src/parsers/filter-rules.ts';
import { parseRoutes, parseRules } from '../../../../src/parsers/ip-route.ts';

const ALL = 0xffffffff;
const part = { source: 'nft', family: 'inet', table: 't', chain: 'c', key: 'k', matches: [] } as const;
const mark = (value: number, packets: number | undefined, isCertain = true) => ({
  rule: {
    ...part,
    packets,
    mark: { value, mask: ALL },
    spared: [],
    isCertain,
    text: 'marks',
  } satisfies MarkRule,
  packets,
});
const proxy = {
  rule: {
    ...part,
    packets: 4,
    port: '15001',
    asks: { value: 1, mask: ALL },
    text: 'proxies',
  } satisfies ProxyRule,
  packets: 4,
};
const packet = { protocol: 'tcp', address: '203.0.113.9', port: 8080, source: '198.18.1.2' } as const;
const hop = { neighbour: '198.18.1.1', viaGateway: true, device: 'eth0', source: '198.18.1.2' };
const probe = { sent: 3, isAnswered: false, uid: 0, hop };

const rules = (...more: readonly object[]) =>
  parseRules(JSON.stringify([...more, { priority: 32_766, src: 'all', table: 'main' }]));
const routes = parseRoutes(
  JSON.stringify([
    { dst: 'default', gateway: '198.18.1.1', dev: 'eth0' },
    { type: 'local', dst: 'default', dev: 'lo', table: '100' },
    { dst: 'default', gateway: '198.18.1.9', dev: 'eth0', table: '101' },
    { type: 'blackhole', dst: 'default', table: '102' },
  ]),
);
const by = (table: string, words: object = { fwmark: '0x1' }) => ({
  priority: 9,
  src: 'all',
  ...words,
  table,
});
const books = (table: string, words?: object): WayBooks => ({
  rules: rules(by(table, words)),
  rules6: rules(),
  routes,
  listeners: [{ protocol: 'tcp', family: 'inet', port: 15001, isTransparent: true }],
});
const way = (known: WayBooks, marks: readonly ReturnType<typeof mark>[], over: Partial<typeof probe> = {}) =>
  markedWay(known, { marks, proxies: [proxy] }, packet, { ...probe, ...over });

describe('markedWay', () => {
  it.each<[string, ReturnType<typeof way>, string | undefined]>([
    ['a local route', way(books('100'), [mark(1, 4)]), 'here'],
    ['another gateway', way(books('101'), [mark(1, 4)]), 'elsewhere'],
    ['a black hole', way(books('102'), [mark(1, 4)]), 'dead'],
    ['another mark', way(books('100'), [mark(2, 4)]), undefined],
    ['a mark that fewer packets than were sent have', way(books('100'), [mark(1, 2)]), undefined],
    ['a rule that counts nothing, and is certain', way(books('100'), [mark(1, undefined)]), 'here'],
    ['one that is not', way(books('100'), [mark(1, undefined, false)]), undefined],
    [
      'that one, where something answered',
      way(books('100'), [mark(1, undefined, false)], { isAnswered: true }),
      'here',
    ],
    ['no mark', way(books('100'), []), undefined],
    ['its port', way(books('100', { ipproto: 'tcp', dport: 8080 }), []), 'here'],
    ['another port', way(books('100', { ipproto: 'tcp', dport: 8081 }), []), undefined],
    [
      'its port with a mask of all bits',
      way(books('100', { ipproto: 'tcp', dport: 8080, dport_mask: '0xffff' }), []),
      'here',
    ],
    [
      'a port of which not all bits count',
      way(books('100', { ipproto: 'tcp', dport: 8080, dport_mask: '0xfff0' }), []),
      undefined,
    ],
    ['its user', way(books('100', { uid_start: 0, uid_end: 9 }), []), 'here'],
    ['another user', way(books('100', { uid_start: 0, uid_end: 9 }), [], { uid: 1000 }), undefined],
    ['what is not known of it', way(books('100', { tos: '0x10' }), [mark(1, 4)]), undefined],
    ['rules that could not be read', way({ ...books('100'), rules: undefined }, [mark(1, 4)]), 'unknown'],
  ])('%s', (_what, found, kind) => {
    expect(found?.kind).toBe(kind);
  });

  it('names what takes it', () => {
    expect(way(books('100'), [mark(1, 4)])?.taker).toMatchObject({ port: 15001, listener: 'transparent' });
    expect(way({ ...books('100'), listeners: [] }, [mark(1, 4)])?.taker?.listener).toBe('none');
    expect(way({ ...books('100'), listeners: undefined }, [mark(1, 4)])?.taker?.listener).toBeUndefined();
  });
});

describe('signOfProxy', () => {
  const nothing: WayBooks = { rules: rules(), rules6: rules(), routes, listeners: [] };

  it.each<[string, WayBooks, string | undefined, RegExp | undefined]>([
    ['nothing', nothing, undefined, undefined],
    ['a mark and a local route', books('100'), undefined, /^routing rule "9: .*fwmark 0x1 lookup 100" leads/],
    [
      'a listener',
      { ...nothing, listeners: books('100').listeners },
      undefined,
      /port 15001 .* \(IP_TRANSPARENT\)/,
    ],
    ['a sidecar', nothing, 'istio-proxy', /container istio-proxy/],
  ])('%s', (_what, known, sidecar, says) => {
    const sign = signOfProxy(known, sidecar);
    if (says === undefined) expect(sign).toBeUndefined();
    else expect(sign).toMatch(says);
  });
});
