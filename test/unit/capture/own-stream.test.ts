import { describe, expect, it } from 'vitest';
import { LoopWatch, ownStreamFilter, without } from '../../../src/capture/own-stream.ts';
import type { Subject } from '../../../src/cluster/subject.ts';
import type { Packet } from '../../../src/pcap/reader.ts';
import { serving } from '../cluster/objects.ts';
import { tcpPacket } from '../pcap/build.ts';

const LOCAL = 'net 127.0.0.0/8 or host ::1';

async function leftOut(
  kubeletVersion: string,
  more: Partial<Subject> = {},
  server = 'https://10.0.0.1:6443',
): Promise<string | undefined> {
  const node = { metadata: { name: 'n1' }, status: { nodeInfo: { kubeletVersion } } };
  const { cluster } = await serving({ '/api/v1/nodes': [node] });
  const subject = { cluster, node: 'n1', isHost: true, addresses: ['10.0.0.7'], ...more };
  return (await ownStreamFilter({ subject, client: { server: new URL(server) } }))?.join(' ');
}

describe('the own stream of a capture on a node', () => {
  it.each([
    ['v1.34.1', 'tcp port 10250 or tcp port 8132'],
    ['v1.34.1+k3s1', 'tcp port 10250 or tcp port 8132 or tcp port 6443'],
    ['v1.34.1+rke2r1', 'tcp port 10250 or tcp port 8132 or tcp port 9345 or tcp port 6443'],
  ])('with %s it may come by %s', async (version, ports) => {
    expect(await leftOut(version)).toBe(`${LOCAL} or ${ports}`);
  });

  it('comes by the port of the API server, too, where that runs on the node', async () => {
    expect(await leftOut('v1.34.1', {}, 'https://10.0.0.7')).toBe(
      `${LOCAL} or tcp port 10250 or tcp port 8132 or tcp port 443`,
    );
  });

  it('comes by the ports that are known where the node may not be read', async () => {
    expect(await leftOut('v1.34.1', { node: 'n2' })).toBe(`${LOCAL} or tcp port 10250 or tcp port 8132`);
  });

  it("is not in a pod's own network", async () => {
    expect(await leftOut('v1.34.1+k3s1', { isHost: false })).toBeUndefined();
  });

  it("is left out of the user's filter", () => {
    expect(without(['tcp', 'or', 'udp'], ['port', '1']).join(' ')).toBe('( tcp or udp ) and not ( port 1 )');
    expect(without([], ['port', '1']).join(' ')).toBe('not ( port 1 )');
  });
});

describe('a capture that may capture itself', () => {
  const TUNNEL = tcpPacket('10.0.0.7', 40_000, '20.1.2.3', 443);
  const OTHER = tcpPacket('10.0.0.7', 40_001, '10.0.0.8', 80);

  /** What was said, by the second, of batches that come four times a second. */
  function said(batch: (second: number) => readonly Packet[], seconds = 10): [number, string][] {
    const watch = new LoopWatch(276);
    const all: [number, string][] = [];
    for (let quarter = 0; quarter < seconds * 4; quarter++) {
      const sentence = watch.push(batch(Math.trunc(quarter / 4)), 1000 + quarter * 250);
      if (sentence !== undefined) all.push([Math.trunc(quarter / 4), sentence]);
    }
    return all;
  }
  const many = (packet: Packet, count = 100): Packet[] => Array.from({ length: count }, () => packet);

  it('is told of once, with the filter that ends it', () => {
    expect(said(() => [...many(TUNNEL, 90), ...many(OTHER, 10)])).toEqual([
      [
        5,
        '90% of it is TCP with 20.1.2.3 port 443; if that is the tunnel that carries this capture to you, it is capturing itself: add to the filter: not (host 20.1.2.3 and tcp port 443)',
      ],
    ]);
  });

  it.each<[string, (second: number) => readonly Packet[]]>([
    ['there is little of it', () => many(TUNNEL, 10)],
    ['it is of many connections', () => [...many(TUNNEL, 60), ...many(OTHER, 40)]],
    ['it stops now and then', (second) => (second % 4 === 0 ? [] : many(TUNNEL))],
    ['it goes to one after another', (second) => many(second % 2 === 0 ? TUNNEL : OTHER)],
  ])('is not told of where %s', (_why, batch) => {
    expect(said(batch)).toEqual([]);
  });
});
