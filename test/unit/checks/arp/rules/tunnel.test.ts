import { describe, expect, it } from 'vitest';
import { judgeArp } from '../../../../../src/checks/arp/judge.ts';
import type { NodeNetwork } from '../../../../../src/checks/shared/node-network.ts';
import type { Evidence, ProbeResult } from '../../../../../src/model/evidence.ts';
import { remedyOf } from '../../results.ts';

// As ip and bridge of iproute2 6.1 printed them on Linux 6.18, with one interface made as flannel makes it.
const VXLAN = {
  ifname: 'flannel.1',
  linkinfo: { info_kind: 'vxlan', info_data: { id: 1, local: '198.51.100.11', port: 8472, learning: false } },
};
const ROUTE = {
  type: 'unicast',
  dst: '198.18.2.0/24',
  gateway: '198.18.2.0',
  dev: 'flannel.1',
  table: 'main',
  protocol: 'boot',
  scope: 'global',
  flags: ['onlink'],
};
const MAC = '02:00:00:00:00:02';
const NEIGHBOUR = { dst: '198.18.2.0', dev: 'flannel.1', lladdr: MAC, state: ['PERMANENT'] };
const FDB = { mac: MAC, ifname: 'flannel.1', dst: '198.51.100.12', flags: ['self'], state: 'permanent' };
const CLUSTER = {
  podRanges: ['198.18.1.0/24'],
  pods: [],
  others: [{ name: 'node2', addresses: ['198.51.100.12'], podRanges: ['198.18.2.0/24'] }],
};

interface Tables {
  readonly vxlan?: object;
  readonly neighbours?: readonly object[];
  readonly fdb?: readonly object[] | undefined;
  readonly isHost?: boolean;
  readonly cluster?: NodeNetwork | undefined;
}

function judged(tables: Tables) {
  const { vxlan = VXLAN, neighbours = [NEIGHBOUR], isHost = true } = tables;
  const fdb = 'fdb' in tables ? tables.fdb : [FDB];
  const cluster = 'cluster' in tables ? tables.cluster : CLUSTER;
  const result = (id: string, list: readonly object[] | undefined): ProbeResult => ({
    id,
    command: [id],
    status: list === undefined ? 'missing' : 'exited',
    code: 0,
    durationMs: 1,
    stdout: list === undefined ? '' : JSON.stringify(list),
    stderr: '',
    truncated: false,
  });
  const evidence: Evidence = {
    neighbours: result('neighbours', neighbours),
    ...(isHost
      ? {
          vxlans: result('vxlans', [vxlan]),
          forwarding: result('forwarding', fdb),
          routes: result('routes', [ROUTE]),
        }
      : {}),
  };
  const input = { destinations: [], peers: [], tableShare: 0.8, isHost };
  return judgeArp(evidence, cluster ? { ...input, cluster } : input);
}

const found = (tables: Tables) => judged(tables).findings.filter(({ id }) => id === 'NT-ARP-006');

describe('NT-ARP-006', () => {
  it('is silent where both entries are there and lead to the node', () => {
    expect(found({})).toEqual([]);
    expect(judged({}).measurements['tunnels']).toEqual([
      {
        device: 'flannel.1',
        vni: 1,
        destination: '198.18.2.0/24',
        hop: '198.18.2.0',
        node: 'node2',
        mac: MAC,
        remotes: ['198.51.100.12'],
      },
    ]);
  });

  it('is silent of an end that once was not found, where nothing of the run went there', () => {
    const failed = { dst: '198.51.100.12', dev: 'eth0', state: ['FAILED'] };
    expect(found({ neighbours: [NEIGHBOUR, failed] })).toEqual([]);
  });

  it.each([
    [
      'the neighbour entry is missing',
      { neighbours: [] },
      'flannel.1 has no neighbour entry for 198.18.2.0 (pods of node node2) and no destination to ask at: packets to 198.18.2.0/24 are lost.',
    ],
    [
      'the neighbour entry has failed',
      { neighbours: [{ dst: '198.18.2.0', dev: 'flannel.1', state: ['FAILED'] }] },
      'no neighbour entry for 198.18.2.0',
    ],
    [
      'the neighbour entry is of another interface',
      { neighbours: [{ ...NEIGHBOUR, dev: 'eth0' }] },
      'no neighbour entry for 198.18.2.0',
    ],
    [
      'the FDB entry is missing',
      { fdb: [] },
      `flannel.1 has no forwarding entry for ${MAC}, the MAC address of 198.18.2.0 (pods of node node2): packets`,
    ],
    [
      'the FDB entry is of another interface',
      { fdb: [{ ...FDB, ifname: 'other' }] },
      'no forwarding entry for',
    ],
    [
      'the FDB entry leads elsewhere',
      { fdb: [{ ...FDB, dst: '198.51.100.99' }] },
      'flannel.1 sends packets for 198.18.2.0 to 198.51.100.99, but node node2 is 198.51.100.12',
    ],
  ])('tells when %s', (_title, tables, says) => {
    const [finding, ...more] = found(tables);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: 'critical' });
    expect(finding?.summary).toContain(says);
    expect(finding?.evidence.length).toBeGreaterThan(1);
  });

  it.each([
    ['has a group', { info_data: { ...VXLAN.linkinfo.info_data, group: '239.1.1.1' } }],
    ['is controlled from outside', { info_data: { external: true } }],
  ])('finds nothing missing where the tunnel %s', (_title, linkinfo) => {
    expect(found({ vxlan: { ...VXLAN, linkinfo }, neighbours: [], fdb: [] })).toEqual([]);
  });

  it('finds nothing missing where every address has a default destination', () => {
    const any = { ...FDB, mac: '00:00:00:00:00:00' };
    expect(found({ neighbours: [], fdb: [any] })).toEqual([]);
    expect(found({ fdb: [any] })).toEqual([]);
  });

  it('says less, but says it, where the API does not tell who is behind', () => {
    expect(found({ cluster: undefined, fdb: [{ ...FDB, dst: '198.51.100.99' }] })).toEqual([]);
    expect(found({ cluster: undefined, fdb: [] })[0]?.summary).toBe(
      `flannel.1 has no forwarding entry for ${MAC}, the MAC address of 198.18.2.0: packets to 198.18.2.0/24 are lost.`,
    );
  });

  it('is not judged without a table, and says so', () => {
    const { findings } = judged({ fdb: undefined });
    expect(findings.filter(({ id }) => id === 'NT-ARP-006')).toEqual([]);
    expect(findings.map(({ summary }) => summary)).toContainEqual(
      expect.stringContaining('the overlay to other nodes (NT-ARP-006): the image has no bridge'),
    );
  });

  it('is no question for a pod', () => {
    expect(judged({ isHost: false }).measurements).not.toHaveProperty('tunnels');
  });
});

describe('NT-ARP-006 by what flannel announces', () => {
  const [node2] = CLUSTER.others;
  const announcing = (mac: string, vni = 1): NodeNetwork => ({
    ...CLUSTER,
    others: [{ name: '', addresses: [], podRanges: [], ...node2, tunnels: [{ vni, mac }] }],
  });
  const own = { ...VXLAN, address: '02:00:00:00:00:01' };

  it('names an entry with another MAC address than the node announces', () => {
    expect(found({ cluster: announcing('02:00:00:00:00:77') }).map(({ summary }) => summary)).toEqual([
      `flannel.1 sends packets for 198.18.2.0 (pods of node node2) to the MAC address ${MAC}, but node node2 announces 02:00:00:00:00:77: packets to 198.18.2.0/24 are lost.`,
    ]);
    expect(found({ cluster: announcing(MAC) })).toEqual([]);
    expect(found({ cluster: announcing('02:00:00:00:00:77', 2) })).toEqual([]);
  });

  it("names the node's own interface that has another than it announces", () => {
    const cluster = (mac: string): NodeNetwork => ({ ...CLUSTER, tunnels: [{ vni: 1, mac }] });
    const [finding] = found({ vxlan: own, cluster: cluster('02:00:00:00:00:77') });
    expect(finding?.summary).toBe(
      'flannel.1 has the MAC address 02:00:00:00:00:01, but the node announces 02:00:00:00:00:77: what other nodes send there for its pods is not taken.',
    );
    expect(remedyOf(finding)).toMatch(/\nip link set dev flannel\.1 address 02:00:00:00:00:77$/);
    expect(found({ vxlan: own, cluster: cluster('02:00:00:00:00:01') })).toEqual([]);
  });
});
