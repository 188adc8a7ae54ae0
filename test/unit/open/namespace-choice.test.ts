import { describe, expect, it } from 'vitest';
import type { NetworkNamespace } from '../../../src/model/namespaces.ts';
import { chooseNamespace } from '../../../src/open/namespace-choice.ts';
import { namedByApi } from '../../../src/open/namespace-names.ts';

const one = (inode: string, more: Partial<NetworkNamespace> = {}): NetworkNamespace => ({
  inode,
  kind: 'process',
  paths: [],
  processes: [],
  processCount: 0,
  pods: [],
  containers: [],
  interfaces: [],
  ...more,
});
const pod = (namespace: string, name: string) => [{ uid: `${namespace}-${name}`, namespace, name }];
const container = (name: string, id: string) => [{ name, id: id.repeat(64 / id.length) }];

const all = [
  one('1', { kind: 'host' }),
  one('2', { kind: 'pod', pods: pod('shop', 'web'), containers: container('app', 'ab12') }),
  one('3', { kind: 'pod', pods: pod('other', 'web') }),
  one('4', { kind: 'container', containers: container('db', 'ab13') }),
  one('5', { kind: 'named', paths: ['/run/netns/blue'] }),
  one('6', { processes: [{ pid: 77, command: 'x' }] }),
  one('7', { kind: 'named', paths: ['/srv/blue'] }),
  one('8', { kind: 'named', paths: ['/run/netns/green'] }),
];
const choose = (word: string, preferred?: string): string => chooseNamespace(all, word, preferred).inode;

describe('chooseNamespace', () => {
  it.each([
    ['3', '3'],
    ['host', '1'],
    ['shop/web', '2'],
    ['pod/other/web', '3'],
    ['db', '4'],
    ['app', '2'],
    ['ab13ab', '4'],
    ['AB13AB13', '4'],
    ['green', '8'],
    ['/run/netns/blue', '5'],
    ['/srv/blue', '7'],
    ['pid:77', '6'],
  ])('%s', (word, inode) => {
    expect(choose(word)).toBe(inode);
  });

  it("looks for a pod's bare name where the user is, first", () => {
    expect(choose('web', 'other')).toBe('3');
    expect(choose('pod/web', 'shop')).toBe('2');
  });

  it('tells which there are when several have the name', () => {
    expect(() => choose('web')).toThrow('"web" is the name of 2 namespaces: 2 (pod), 3 (pod).');
    expect(() => choose('blue')).toThrow('"blue" is the name of 2 namespaces: 5 (named), 7 (named).');
  });

  it.each(['nope', 'shop/nope', 'pid:1', 'ab12a', '/nope', ''])('knows no %j', (word) => {
    expect(() => choose(word)).toThrow(`no network namespace "${word}" among the 8 there.`);
  });
});

describe('namedByApi', () => {
  const id = 'd'.repeat(64);
  const unnamed = [
    one('1', { kind: 'host' }),
    one('2', { kind: 'pod', pods: [{ uid: 'u1' }], containers: [{ id }] }),
    one('3', { kind: 'pod', pods: [{ uid: 'hash' }] }),
    one('4', { kind: 'pod', pods: [{ uid: 'of another node' }] }),
  ];
  const named = namedByApi(unnamed, [
    {
      metadata: { uid: 'u1', namespace: 'shop', name: 'web' },
      status: { containerStatuses: [{ name: 'app', containerID: `containerd://${id}` }] },
    } as never,
    {
      metadata: {
        uid: 'mirror',
        namespace: 'kube-system',
        name: 'static',
        annotations: { 'kubernetes.io/config.hash': 'hash' },
      },
    } as never,
    {
      metadata: { uid: 'u2', namespace: 'kube-system', name: 'proxy' },
      spec: { hostNetwork: true },
    } as never,
  ]);

  it('knows pods by their uid, and static ones by the hash of their manifest', () => {
    expect(named[1]?.pods).toEqual([{ uid: 'u1', namespace: 'shop', name: 'web' }]);
    expect(named[1]?.containers).toEqual([{ id, name: 'app' }]);
    expect(named[2]?.pods).toEqual([{ uid: 'hash', namespace: 'kube-system', name: 'static' }]);
    expect(named[3]?.pods).toEqual([{ uid: 'of another node' }]);
  });

  it("tells which pods have the host's network", () => {
    expect(named[0]?.pods).toEqual([{ uid: 'u2', namespace: 'kube-system', name: 'proxy' }]);
    expect(chooseNamespace(named, 'kube-system/proxy', undefined).kind).toBe('host');
  });
});
