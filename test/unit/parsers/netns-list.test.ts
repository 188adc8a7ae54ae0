import { describe, expect, it } from 'vitest';
import { namespaceWord } from '../../../src/model/namespaces.ts';
import { parseNetnsList } from '../../../src/parsers/netns-list.ts';

const uid = '4cc98673-38d0-47ed-a198-26f167609ed7';
const [pause, app, docker] = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
const tabs = (...fields: string[]): string => fields.join('\t');
const ip = (name: string, index: number, peer: number, address: string): string =>
  JSON.stringify([
    {
      ifindex: index,
      link_index: peer,
      ifname: name,
      operstate: 'UP',
      link_type: 'ether',
      linkinfo: { info_kind: 'veth' },
      addr_info: [{ local: address, prefixlen: 24, scope: 'global' }],
    },
  ]);

// The lines are those of netns-list.sh on the test cluster's machine (Linux 6.18, iproute2 6.1), with fewer fields in
// ip's JSON; test/e2e/netns.test.ts reads real ones.
const LINES = [
  tabs('root', '/proc/1/root'),
  tabs('own', '1'),
  tabs('host', '1'),
  tabs('process', '2', '700', '50', `/kubepods/besteffort/pod${uid}/${pause}`, 'pause'),
  tabs('process', '2', '701', '60', `/kubepods/besteffort/pod${uid}/${app}`, 'ng\u001b[31m inx'),
  tabs('process', '3', '900', '70', `/docker/${docker}`, 'sh'),
  tabs('process', '5', '950', '80', '/system.slice/dnsmasq.service', 'dnsmasq'),
  tabs('count', '1', '158'),
  tabs('mount', '2', '/run/netns/cni-2fc'),
  tabs('mount', '4', '/run/netns/with\\040blank'),
  tabs('mount', '4', '/run/netns/with\\040blank'),
  tabs('link', '1', ip('veth1', 10, 2, '198.18.1.1')),
  tabs('link', '2', ip('eth0', 2, 10, '198.18.1.3')),
  tabs('unread', '3', 'nsenter: cannot open /proc/900/ns/net: No such file or directory'),
  tabs('log', `web-0_shop_nginx-${app}.log`),
  'done',
];

describe('parseNetnsList', () => {
  const { root, namespaces: all } = parseNetnsList(`${LINES.join('\n')}\n`);

  it('tells who lives where, the host first', () => {
    expect(all.map((one) => [one.inode, one.kind, namespaceWord(one)])).toEqual([
      ['1', 'host', 'host'],
      ['2', 'pod', 'shop/web-0'],
      ['3', 'container', 'c'.repeat(12)],
      ['4', 'named', 'with blank'],
      ['5', 'process', '5'],
    ]);
  });

  it('has all of a pod', () => {
    expect(all[1]).toEqual({
      inode: '2',
      kind: 'pod',
      paths: ['/run/netns/cni-2fc'],
      processes: [
        { pid: 700, command: 'pause' },
        { pid: 701, command: 'ng\u001b[31m inx' },
      ],
      processCount: 2,
      pods: [{ uid, namespace: 'shop', name: 'web-0' }],
      containers: [{ id: pause }, { id: app, name: 'nginx' }],
      interfaces: [
        {
          name: 'eth0',
          index: 2,
          kind: 'veth',
          state: 'UP',
          addresses: ['198.18.1.3/24'],
          peer: { inode: '1', name: 'veth1' },
        },
      ],
    });
  });

  it("counts the host's processes, and says what could not be read", () => {
    expect(all[0]).toMatchObject({ processes: [], processCount: 158 });
    expect(all[2]).toMatchObject({ interfaces: [], unread: expect.stringContaining('/proc/900/ns/net') });
  });

  it('knows where the files are', () => {
    expect(root).toBe('/proc/1/root');
  });

  it('is what it was made for, whoever was let in later', () => {
    const later = [
      tabs('process', '5', '20', '90', `/kubepods/pod${uid}/${app}`, 'nginx'),
      tabs('process', '2', '21', '90', '/user.slice', 'tcpdump'),
    ];
    const [, pod, , , other] = parseNetnsList([...later, ...LINES].join('\n')).namespaces;
    expect(pod).toMatchObject({ kind: 'pod', processes: [{ pid: 700 }, { pid: 701 }, { pid: 21 }] });
    expect(other).toMatchObject({ kind: 'process', pods: [{ uid }], processes: [{ pid: 950 }, { pid: 20 }] });
    expect(other && namespaceWord(other)).toBe('5');
  });

  it('has each path once', () => {
    expect(all[3]?.paths).toEqual(['/run/netns/with blank']);
  });

  it("takes a pod's name from its folder of logs, where no container's log tells", () => {
    const lines = [
      ...LINES.filter((line) => !/^(log|done)/.test(line)),
      tabs('pod', `shop_web-0_${uid}`),
      'done',
    ];
    expect(parseNetnsList(lines.join('\n')).namespaces[1]?.pods).toEqual([
      { uid, namespace: 'shop', name: 'web-0' },
    ]);
  });

  it('takes the ids by which a namespace knows others for what they are: the numbers that the probe gave as names', () => {
    // Two nodes on one machine, whose links have the same indexes.
    const linkTo = (name: string, index: number, peer: number, nsid: number): string =>
      ip(name, index, peer, '198.18.1.1').replace('"ifname"', `"link_netnsid":${nsid},"ifname"`);
    const lines = [
      ...[tabs('root', '/proc/1/root'), tabs('own', '11'), tabs('host', '11')],
      tabs('process', '12', '700', '50', '/system.slice/kubelet.service', 'kubelet'),
      ...['21', '22'].map((inode) => tabs('process', inode, inode, '60', '/x', 'pause')),
      ...[tabs('link', '11', linkTo('veth1', 9, 2, 0)), tabs('ids', '11', '[{"nsid":0,"name":"21"}]')],
      ...[tabs('link', '12', linkTo('veth2', 9, 2, 3)), tabs('ids', '12', '[{"nsid":3,"name":"22"}]')],
      ...[tabs('link', '21', linkTo('eth0', 2, 9, 0)), tabs('ids', '21', '[{"nsid":0,"name":"11"}]')],
      ...[tabs('link', '22', linkTo('eth0', 2, 9, 0)), tabs('ids', '22', '[{"nsid":0,"name":"12"}]')],
      'done',
    ];
    const found = parseNetnsList(lines.join('\n')).namespaces.map(({ inode, interfaces }) => [
      inode,
      interfaces[0]?.peer,
    ]);
    expect(Object.fromEntries(found)).toEqual({
      '11': { inode: '21', name: 'eth0' },
      '12': { inode: '22', name: 'eth0' },
      '21': { inode: '11', name: 'veth1' },
      '22': { inode: '12', name: 'veth2' },
    });
  });

  it('is an error when it was cut off', () => {
    expect(() => parseNetnsList(LINES.slice(0, -1).join('\n'))).toThrow(
      'the list of namespaces is incomplete',
    );
  });
});
