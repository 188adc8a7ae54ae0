import { describe, expect, it } from 'vitest';
import places from '../../../../src/checks/path/places.ts';
import { pathInput } from '../../../../src/checks/path/prepare.ts';
import type { Subject } from '../../../../src/cluster/subject.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import type { ProbePlan } from '../../../../src/model/evidence.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';

function pod(name: string, nodeName: string, hostNetwork = false): Pod {
  return { metadata: { namespace: 'ns', name }, spec: { nodeName, hostNetwork, containers: [] } };
}

function destination(id: string): Destination {
  return {
    id,
    label: id,
    host: '198.51.100.7',
    port: '80',
    anyPort: false,
    role: 'asked',
    inCluster: true,
    protocol: 'tcp',
  };
}

const onNode1: Subject = { pod: pod('web', 'n1'), node: 'n1', isHost: false, addresses: [] };
const node1: Subject = { node: 'n1', isHost: true, addresses: [] };

/** `pod/web=source node/n1=source-node …` */
function way(subject: Subject, to: Pod, deep: boolean): string {
  const { places, routes } = pathInput(subject, [{ destination: destination('to0'), pod: to }], deep);
  return (routes[0]?.places ?? [])
    .map(({ id, role }) => `${places.find((p) => p.id === id)?.label}=${role}`)
    .join(' ');
}

describe('pathInput', () => {
  it.each([
    ['the ends', onNode1, pod('db', 'n2'), false, 'pod/web=source pod/db=destination'],
    [
      'both nodes',
      onNode1,
      pod('db', 'n2'),
      true,
      'pod/web=source node/n1=source-node node/n2=destination-node pod/db=destination',
    ],
    ['one node', onNode1, pod('db', 'n1'), true, 'pod/web=source node/n1=node pod/db=destination'],
    [
      'from a node',
      node1,
      pod('db', 'n2'),
      true,
      'node/n1=source node/n2=destination-node pod/db=destination',
    ],
    ['from a node to its own pod', node1, pod('db', 'n1'), true, 'node/n1=source pod/db=destination'],
    [
      'to a pod in the network of another node',
      onNode1,
      pod('proxy', 'n2', true),
      true,
      'pod/web=source node/n1=source-node node/n2=destination',
    ],
    [
      'to a pod in the network of its own node',
      onNode1,
      pod('proxy', 'n1', true),
      true,
      'pod/web=source node/n1=destination',
    ],
  ])('%s', (_name, subject, to, deep, text) => {
    expect(way(subject, to, deep)).toBe(text);
  });

  it('has each place once, and the target first', () => {
    const ends = ['to0', 'to1'].map((id, i) => ({ destination: destination(id), pod: pod(`db-${i}`, 'n2') }));
    const { places } = pathInput(onNode1, ends, true);
    expect(places.map(({ label, isTarget }) => [label, isTarget])).toEqual([
      ['pod/web', true],
      ['node/n1', false],
      ['node/n2', false],
      ['pod/db-0', false],
      ['pod/db-1', false],
    ]);
    expect(new Set(places.map(({ id }) => id)).size).toBe(5);
  });

  it('looks at nothing but the destination of datagrams', () => {
    const udp = { ...destination('to0'), protocol: 'udp' as const };
    const alone = pathInput(onNode1, [{ destination: udp, pod: pod('db', 'n2') }], true);
    expect(alone.places.map(({ label }) => label)).toEqual(['pod/db']);
    expect(alone.routes.map(({ places }) => places)).toEqual([[{ id: 'p0', role: 'destination' }]]);
    const both = pathInput(
      onNode1,
      [destination('to1'), udp].map((to) => ({ destination: to, pod: pod('db', 'n2') })),
      false,
    );
    expect(both.places.map(({ label }) => label)).toEqual(['pod/web', 'pod/db']);
  });
});

describe('what is read at a place', () => {
  const ids = ({ phases }: ProbePlan): string[] => phases.flat().map(({ id }) => id);
  const planned = (deep: boolean, ...destinations: Destination[]) =>
    places
      .plan(
        pathInput(
          onNode1,
          destinations.map((to) => ({ destination: to, pod: pod('db', 'n2') })),
          deep,
        ),
        {} as never,
      )
      .map(({ label, before, during, after }) => ({
        label,
        listens: during !== undefined,
        before: before && ids(before),
        after: after && ids(after),
      }));
  const udp = { ...destination('to1'), protocol: 'udp' as const };
  const ofSockets = (when: string): string[] => [`counters-${when}`, `counters6-${when}`, `drops-${when}`];

  const rules = (when: string): string[] =>
    ['nft', 'iptables', 'legacy', 'legacy6'].map((what) => `${what}-${when}`);

  it('is what its sockets drop, where datagrams are sent to', () => {
    expect(planned(false, udp)).toEqual([
      { label: 'pod/db', listens: false, before: ofSockets('before'), after: ofSockets('after') },
    ]);
  });

  it('is, with --deep, also what the kernels drop of datagrams, and the rules that may have done it', () => {
    const [end, ...nodes] = planned(true, udp);
    expect(end?.before).toEqual(['space', ...ofSockets('before'), ...rules('before')]);
    expect(nodes).toEqual(
      ['node/n1', 'node/n2'].map((label) => ({
        label,
        listens: true,
        before: rules('before'),
        after: rules('after'),
      })),
    );
  });

  it('is of a connection read by who follows it: a kernel that is listened to says what it drops, no more', () => {
    const all = planned(true, destination('to0'));
    expect(all.map(({ label }) => label)).toEqual([
      ...['pod/web', 'node/n1', 'node/n2', 'pod/db'],
      ...['node/n1', 'node/n2'],
    ]);
    expect(all.slice(4).map(({ before, after }) => [before, after])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('listens to a node in a pod that has the rights for it, and tells it to end', () => {
    const input = pathInput(onNode1, [{ destination: destination('to0'), pod: pod('db', 'n2') }], true);
    const { host, port } = destination('to0');
    expect(places.plan(input, {} as never).find(({ id }) => id === 'd1')).toMatchObject({
      where: { kind: 'node', name: 'n2', watching: true },
      during: {
        command: ['nettools-drops', '--for', '900', '--everywhere', '--peer', `${host},${port}`],
        printsAtEnd: true,
      },
    });
  });

  it('is that too, each command once, where connections end', () => {
    const [source, end] = planned(false, destination('to0'), udp);
    expect(source?.before).not.toContain('drops-before');
    expect(end).toMatchObject({ label: 'pod/db', listens: true });
    expect(end?.before).toEqual(expect.arrayContaining(['nft-before', ...ofSockets('before')]));
    expect(end?.before?.filter((id) => id === 'counters-before')).toHaveLength(1);
  });
});
