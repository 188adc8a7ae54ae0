import { describe, expect, it } from 'vitest';
import {
  type NamespaceLinks,
  parseInterfaceLinks,
  parseNamespaceIds,
  withPeers,
} from '../../../src/parsers/interface-peers.ts';

/** `ip -j -d addr show` of iproute2 6.1, of which only what is read was kept. */
const link = (name: string, index: number, more: object = {}) => ({
  ifindex: index,
  ifname: name,
  operstate: 'UP',
  link_type: 'ether',
  linkinfo: { info_kind: 'veth' },
  addr_info: [],
  ...more,
});
const links = (inode: string, ids: Record<number, string>, ...entries: object[]): NamespaceLinks => ({
  inode,
  links: parseInterfaceLinks(JSON.stringify(entries)) ?? [],
  inodes: new Map(Object.entries(ids).map(([id, other]) => [Number(id), other])),
});
const peers = (namespaces: readonly NamespaceLinks[], host = 'host') =>
  Object.fromEntries(
    [...withPeers(namespaces, host)].flatMap(([inode, all]) =>
      all.map(({ name, peer }) => [`${inode} ${name}`, peer && `${peer.inode} ${peer.name}`]),
    ),
  );

describe('parseInterfaceLinks', () => {
  it('leaves out the loopback interface and addresses that lead nowhere', () => {
    const text = JSON.stringify([
      { ifindex: 1, ifname: 'lo', link_type: 'loopback', addr_info: [{ local: '127.0.0.1', prefixlen: 8 }] },
      link('eth0', 2, {
        link_index: 10,
        link_netnsid: 0,
        addr_info: [
          { local: '198.18.1.3', prefixlen: 24, scope: 'global' },
          { local: 'fe80::1', prefixlen: 64, scope: 'link' },
        ],
      }),
    ]);
    expect(parseInterfaceLinks(text)).toEqual([
      {
        interface: { name: 'eth0', index: 2, kind: 'veth', state: 'UP', addresses: ['198.18.1.3/24'] },
        peerIndex: 10,
        peerNsid: 0,
        peerName: undefined,
      },
    ]);
  });

  it.each(['', '{}', 'Object "-j" is unknown, try "ip help".'])('is nothing for %j', (text) => {
    expect(parseInterfaceLinks(text)).toBeUndefined();
  });
});

describe('parseNamespaceIds', () => {
  it('has those with a name', () => {
    const text = '[{"nsid":0,"name":"blue"},{"nsid":1}]';
    expect(parseNamespaceIds(text)).toEqual(new Map([[0, 'blue']]));
    expect(parseNamespaceIds('')).toEqual(new Map());
  });
});

describe('withPeers', () => {
  it("joins a pod's link with the host's end", () => {
    const all = [
      links('host', {}, link('veth1', 10, { link_index: 2 }), link('veth2', 11, { link_index: 2 })),
      links('a', {}, link('eth0', 2, { link_index: 10 })),
      links('b', {}, link('eth0', 2, { link_index: 11 })),
    ];
    expect(peers(all)).toEqual({
      'host veth1': 'a eth0',
      'host veth2': 'b eth0',
      'a eth0': 'host veth1',
      'b eth0': 'host veth2',
    });
  });

  it('joins the two ends of one namespace by name', () => {
    const all = [links('a', {}, link('x', 4, { link: 'y' }), link('y', 5, { link: 'x' }))];
    expect(peers(all)).toEqual({ 'a x': 'a y', 'a y': 'a x' });
  });

  it('does not guess between two that could be the end', () => {
    const all = [
      links('n1', {}, link('v', 6, { link_index: 2 })),
      links('n2', {}, link('v', 6, { link_index: 2 })),
      links('p1', {}, link('eth0', 2, { link_index: 6 })),
      links('p2', {}, link('eth0', 2, { link_index: 6 })),
    ];
    expect(Object.values(peers(all))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('knows which of them it is where a namespace has a name', () => {
    const all = [
      links('n1', {}, link('v', 6, { link_index: 2 })),
      links('n2', {}, link('v', 6, { link_index: 2 })),
      links('p1', { 0: 'n1' }, link('eth0', 2, { link_index: 6, link_netnsid: 0 })),
      // This one knows none; that the other is taken is enough.
      links('p2', {}, link('eth0', 2, { link_index: 6, link_netnsid: 0 })),
    ];
    expect(peers(all)).toEqual({
      'n1 v': 'p1 eth0',
      'n2 v': 'p2 eth0',
      'p1 eth0': 'n1 v',
      'p2 eth0': 'n2 v',
    });
  });

  it('puts a macvlan on the interface of the host that has its index', () => {
    const macvlan = { link_index: 3, linkinfo: { info_kind: 'macvlan' } };
    const all = [
      links('host', {}, link('eth0', 3, { linkinfo: {} })),
      links('a', {}, link('eth0', 2, macvlan)),
      links('b', {}, link('x', 3, { linkinfo: {} })),
    ];
    expect(peers(all)).toEqual({ 'host eth0': undefined, 'a eth0': 'host eth0', 'b x': undefined });
  });
});
