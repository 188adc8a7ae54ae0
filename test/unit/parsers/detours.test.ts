/** Rules that lead to a port of the target itself, as each tool shows them. */
import { describe, expect, it } from 'vitest';
import { detourOf } from '../../../src/checks/firewall/detours.ts';
import { grown as grownRules } from '../../../src/checks/shared/grown-rules.ts';
import { parseIptablesSave } from '../../../src/parsers/iptables-save.ts';
import { parseNftRuleset } from '../../../src/parsers/nft-ruleset.ts';

/** What istio-iptables makes, with the counters of a pod that has sent and received. */
const ISTIO = (counted: number): string => `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [9:540]
:POSTROUTING ACCEPT [9:540]
:ISTIO_INBOUND - [0:0]
:ISTIO_IN_REDIRECT - [0:0]
:ISTIO_OUTPUT - [0:0]
:ISTIO_REDIRECT - [0:0]
[7:420] -A PREROUTING -p tcp -j ISTIO_INBOUND
[9:540] -A OUTPUT -p tcp -j ISTIO_OUTPUT
[7:420] -A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
[${7 + counted}:420] -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
[0:0] -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
[0:0] -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
[9:540] -A ISTIO_OUTPUT -j ISTIO_REDIRECT
[${counted}:540] -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
COMMIT
`;
const saved = (counted: number) => parseIptablesSave(ISTIO(counted), 'iptables-nft');

const nft = (expr: readonly object[], chain = 'o') =>
  parseNftRuleset(
    JSON.stringify({
      nftables: [
        { chain: { family: 'ip', table: 'mesh', name: 'o', type: 'nat', hook: 'output', prio: -100 } },
        { chain: { family: 'ip', table: 'mesh', name: 'in', type: 'nat', hook: 'prerouting', prio: -100 } },
        { chain: { family: 'ip', table: 'mesh', name: 'jumped' } },
        {
          rule: {
            family: 'ip',
            table: 'mesh',
            chain: 'o',
            handle: 3,
            expr: [{ jump: { target: 'jumped' } }],
          },
        },
        { rule: { family: 'ip', table: 'mesh', chain, handle: 4, expr } },
      ],
    }),
  )?.detours;
const counter = { counter: { packets: 3, bytes: 180 } };

describe('iptables', () => {
  it('shows where rules lead to, and which of them are met on the way out', () => {
    expect(saved(9).detours.map(({ port, isOfOutput, packets }) => ({ port, isOfOutput, packets }))).toEqual([
      { port: '15006', isOfOutput: false, packets: 16 },
      { port: '15001', isOfOutput: true, packets: 9 },
    ]);
  });

  it.each([
    ['to the target itself', '--to-destination 127.0.0.1:15001', '15001'],
    ['to the same port of it', '--to-destination 127.0.0.1', ''],
    ['elsewhere', '--to-destination 198.51.100.7:15001', undefined],
    ['to where 127 stands in the middle', '--to-destination 198.127.0.1:15001', undefined],
  ])('shows a translation %s', (_where, words, port) => {
    const text = `*nat\n:OUTPUT ACCEPT [0:0]\n[1:60] -A OUTPUT -p tcp -j DNAT ${words}\nCOMMIT\n`;
    expect(parseIptablesSave(text, 'iptables-legacy').detours[0]?.port).toBe(port);
  });
});

describe('nft', () => {
  it.each<[string, object, string | undefined]>([
    ['redirect', { redirect: { port: 15001 } }, '15001'],
    ['redirect to the same port', { redirect: null }, ''],
    ['dnat to the target', { dnat: { addr: '127.0.0.1', port: 15001 } }, '15001'],
    ['dnat elsewhere', { dnat: { addr: '198.51.100.7', port: 15001 } }, undefined],
    ['accept', { accept: null }, undefined],
  ])('shows %s', (_what, target, port) => {
    expect(nft([counter, target])?.[0]?.port).toBe(port);
  });

  it('shows which are met on the way out, also by a jump', () => {
    const redirect = [counter, { redirect: { port: 15001 } }];
    expect(nft(redirect)?.[0]).toMatchObject({ isOfOutput: true, packets: 3 });
    expect(nft(redirect, 'jumped')?.[0]?.isOfOutput).toBe(true);
    expect(nft(redirect, 'in')?.[0]?.isOfOutput).toBe(false);
  });
});

describe('the rule that took a connection', () => {
  const packet = { protocol: 'tcp', address: '198.51.100.7', port: 8080, source: '198.51.100.1' } as const;
  const grown = (by: number) => grownRules(saved(9).detours, saved(9 + by).detours);

  it('counted each try, and lies on the way out', () => {
    expect(detourOf(grown(3), packet, { sent: 3, isAnswered: true })?.rule.port).toBe('15001');
  });

  it.each<[string, number, Parameters<typeof detourOf>[1]]>([
    ['it counted fewer than were tried', 2, packet],
    ['nothing was counted', 0, packet],
    ['it is for another protocol', 3, { ...packet, protocol: 'udp' }],
    ['it is for another family', 3, { ...packet, address: '2001:db8::7' }],
    ['the target connects to itself', 3, { ...packet, address: '127.0.0.1' }],
    ['the target connects to its own address', 3, { ...packet, address: packet.source }],
  ])('is none where %s', (_why, by, other) => {
    expect(detourOf(grown(by), other, { sent: 3, isAnswered: true })).toBeUndefined();
  });
});

describe('a rule that counts nothing', () => {
  const packet = { protocol: 'tcp', address: '198.51.100.7', port: 8080, source: '198.51.100.1' } as const;
  const is = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } });
  const meta = (key: string) => ({ meta: { key } });
  const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } });
  const redirect = { redirect: { port: 15001 } };
  const chain = (...rules: readonly (readonly object[])[]) =>
    parseNftRuleset(
      JSON.stringify({
        nftables: [
          { chain: { family: 'ip', table: 'mesh', name: 'o', type: 'nat', hook: 'output', prio: -100 } },
          ...rules.map((expr, handle) => ({
            rule: { family: 'ip', table: 'mesh', chain: 'o', handle, expr },
          })),
        ],
      }),
    )?.detours.map((rule) => ({ rule, packets: undefined })) ?? [];
  const ofProxy = [is(meta('skuid'), 1337), { return: null }];
  const loopback = [is(field('ip', 'daddr'), { prefix: { addr: '127.0.0.0', len: 8 } }), { return: null }];
  const ports = [is(field('tcp', 'dport'), { set: [80, 8080] }), redirect];
  const mesh = chain(ofProxy, loopback, ports);
  const took = (rules: ReturnType<typeof chain>, other: Partial<typeof packet> = {}, isAnswered = true) =>
    detourOf(rules, { ...packet, ...other } as typeof packet, { sent: 3, isAnswered });

  it('took what comes to it for certain, whether that was answered or not', () => {
    expect(took(mesh)?.rule).toMatchObject({ port: '15001', isCertain: true });
    expect(took(mesh, {}, false)?.rule.port).toBe('15001');
  });

  it('took what the target sends to itself, too', () => {
    expect(took(mesh, { address: packet.source as never })?.rule.port).toBe('15001');
  });

  it('took nothing that it is not for, or that a rule before it spares', () => {
    expect(took(mesh, { port: 5432 as never })).toBeUndefined();
    expect(took(chain([is(field('ip', 'daddr'), packet.address), { return: null }], ports))).toBeUndefined();
  });

  it('may have taken what was answered, where a rule before it is not understood', () => {
    const other = chain([is({ fib: { result: 'type' } }, 'local'), { return: null }], ports);
    expect(took(other)?.rule.isCertain).toBe(false);
    expect(took(other, {}, false)).toBeUndefined();
    expect(took(other, { address: packet.source as never })).toBeUndefined();
  });
});
