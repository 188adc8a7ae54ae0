/** Which DESTs have servers that speak first, and which targets may have several interfaces. */
import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/firewall/prepare.ts';
import { uplinksOf } from '../../../../src/checks/firewall/prepare-uplinks.ts';
import type { Subject } from '../../../../src/cluster/subject.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { contextOf, DUAL, PATHS, pod, SHOP, serving, subjectOf } from '../../cluster/objects.ts';

const NONE = { [PATHS.policies]: [], [PATHS.namespaces]: [{ metadata: { name: SHOP } }] };
type Objects = Parameters<typeof serving>[0];

async function greets(objects: Objects, ...to: readonly string[]) {
  const { server, cluster } = await serving(objects);
  const input = await prepare(await contextOf(subjectOf(cluster), to));
  return { greets: input?.greets, requests: server.requests };
}

/** Of a Service whose port is called so. */
function called(name: string, appProtocol?: string): Objects {
  const [db] = DUAL[PATHS.services] as unknown as { spec: { ports: object[] } }[];
  const ports = db?.spec.ports.map((port) => ({ ...port, name, ...(appProtocol && { appProtocol }) }));
  const slices = (DUAL[PATHS.slices] as unknown as { ports: object[] }[]).map((slice) => ({
    ...slice,
    ports: slice.ports.map((port) => ({ ...port, name })),
  }));
  return {
    ...DUAL,
    ...NONE,
    [PATHS.services]: [{ ...db, spec: { ...db?.spec, ports } }],
    [PATHS.slices]: slices,
  } as unknown as Objects;
}

describe('servers that speak first', () => {
  it('are known by the port, and a URL says what is spoken there', async () => {
    expect((await greets({ ...DUAL, ...NONE }, '192.0.2.9:3306')).greets).toEqual({
      to0: { protocol: 'MySQL' },
    });
    expect((await greets({ ...DUAL, ...NONE }, 'http://192.0.2.9:3306/')).greets).toBeUndefined();
    expect((await greets({ ...DUAL, ...NONE }, '192.0.2.9:5432', '192.0.2.9')).greets).toBeUndefined();
  });

  it.each([
    ['mysql-primary', undefined],
    ['db', 'mysql'],
  ])(
    'are known by the port of the Service that is called %s (%s), of which its own address is asked',
    async (name, app) => {
      const found = await greets(called(name, app), 'svc/db');
      expect(Object.values(found.greets ?? {})).toEqual([{ protocol: 'MySQL' }, { protocol: 'MySQL' }]);
      expect(Object.keys(found.greets ?? {})).toEqual(['to0', 'to4']);
    },
  );

  it('cost no request where there are none', async () => {
    const { greets: none, requests } = await greets({ ...DUAL, ...NONE }, 'svc/db');
    expect(none).toBeUndefined();
    expect(requests.filter((one) => one.includes('/pods/'))).toEqual([]);
  });

  it('may be behind the sidecar of a mesh', async () => {
    const meshed = [1, 2, 3].map((i) =>
      pod(`db-${i}`, [`10.0.0.${i}`, `fd00::${i}`], {
        containers: [{ name: 'app' }, { name: 'linkerd-proxy' }],
      }),
    );
    const found = await greets({ ...called('mysql'), [PATHS.pods]: meshed }, 'svc/db');
    expect(found.greets?.['to0']).toEqual({
      protocol: 'MySQL',
      sidecar: { container: 'linkerd-proxy', pod: 'pod db-1' },
    });
  });
});

describe('uplinks', () => {
  const STATUS = 'k8s.v1.cni.cncf.io/network-status';
  const of = (annotations?: Record<string, string>) =>
    uplinksOf({
      isHost: false,
      addresses: [],
      pod: { metadata: { name: 'web', ...(annotations && { annotations }) } } as Pod,
    });
  const TWO = JSON.stringify([{ interface: 'eth0', default: true }, { interface: 'net1' }]);

  it.each<[string, ReturnType<typeof of>, ReturnType<typeof of>]>([
    ['a pod without the annotation', of(), undefined],
    ['a pod with one network', of({ [STATUS]: '[{"interface":"eth0","default":true}]' }), undefined],
    ['a pod with two', of({ [STATUS]: TWO }), { cluster: 'eth0' }],
    ['one of before', of({ 'k8s.v1.cni.cncf.io/networks-status': TWO }), { cluster: 'eth0' }],
    ['an annotation that cannot be read', of({ [STATUS]: 'none' }), undefined],
    ['a host', uplinksOf({ isHost: true, addresses: [] }), {}],
    ['a namespace', uplinksOf({ isHost: false, addresses: [] }), {}],
    ['a container on one network', container(1), undefined],
    ['a container on two', container(2), {}],
  ])('of %s', (_what, found, expected) => expect(found).toEqual(expected));
});

function container(networks: number) {
  const names = Array.from({ length: networks }, (_, i) => [`net${i}`, {}] as const);
  const docker = { container: { NetworkSettings: { Networks: Object.fromEntries(names) } } };
  return uplinksOf({ isHost: false, addresses: [], docker } as unknown as Subject);
}
