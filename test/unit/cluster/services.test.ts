import { describe, expect, it } from 'vitest';
import { clusterIps, endpointsOf, serviceFamilies, servicePort } from '../../../src/cluster/services.ts';
import type { EndpointSlice, Service } from '../../../src/model/kube-objects.ts';
import { behind, service as serviceObject, slice as sliceObject } from './objects.ts';

const service = (...args: Parameters<typeof serviceObject>) => serviceObject(...args) as unknown as Service;
const slice = (...args: Parameters<typeof sliceObject>) => sliceObject(...args) as unknown as EndpointSlice;

const SQL = { name: 'sql', protocol: 'TCP' };
const found = (slices: readonly EndpointSlice[], port?: { name?: string; protocol?: string }) =>
  endpointsOf(slices, port).map(({ address, port, state }) => `${address} ${port} ${state}`);

describe('endpointsOf', () => {
  it.each([
    [undefined, 'ready'],
    [{}, 'ready'],
    [{ ready: true }, 'ready'],
    [{ ready: false }, 'not ready'],
    [{ ready: false, serving: false, terminating: true }, 'not ready'],
    [{ ready: false, serving: true, terminating: true }, 'leaving'],
    // publishNotReadyAddresses: it is to be taken for ready whatever it does.
    [{ ready: true, serving: false, terminating: true }, 'ready'],
  ])('takes one with the conditions %j for %s', (conditions, state) => {
    expect(found([slice([behind('db-1', '10.0.0.1', conditions)])], SQL)).toEqual([`10.0.0.1 5432 ${state}`]);
  });

  it('finds the port by its name and protocol, in each slice by itself', () => {
    const ports = (number: number) => [
      { name: 'sql', port: 1, protocol: 'UDP' },
      { name: 'http', port: 2, protocol: 'TCP' },
      { name: 'sql', port: number, protocol: 'TCP' },
    ];
    const slices = [
      slice([behind('a', '10.0.0.1')], ports(5432)),
      slice([behind('b', '10.0.0.2')], ports(5433)),
    ];
    expect(found(slices, SQL)).toEqual(['10.0.0.1 5432 ready', '10.0.0.2 5433 ready']);
  });

  it('knows the only port of a Service without a name', () => {
    for (const ports of [[{ port: 5432 }], [{ name: '', port: 5432, protocol: 'TCP' }]]) {
      expect(found([slice([behind('a', '10.0.0.1')], ports)], {})).toEqual(['10.0.0.1 5432 ready']);
    }
  });

  it.each([[[]], [[{ name: 'http', port: 80 }]], [[{ name: 'sql' }]]])(
    'takes no pod for an endpoint of a port that it does not declare: %j',
    (ports) => {
      expect(found([slice([behind('a', '10.0.0.1')], ports)], SQL)).toEqual([]);
    },
  );

  it('counts a pod of two families once in each', () => {
    const slices = [slice([behind('a', '10.0.0.1')]), slice([behind('a', 'fd00::1')])];
    expect(endpointsOf(slices, SQL).map(({ family, pod }) => [family, pod])).toEqual([
      ['IPv4', 'a'],
      ['IPv6', 'a'],
    ]);
  });

  it('takes the first address alone, as kube-proxy does', () => {
    expect(found([slice([{ addresses: ['10.0.0.1', '10.0.0.2'] }, { addresses: [] }])], SQL)).toEqual([
      '10.0.0.1 5432 ready',
    ]);
  });

  it('names pods alone, and says where zones are told', () => {
    const [node, zoned] = endpointsOf(
      [
        slice([
          { addresses: ['10.0.0.1'], targetRef: { kind: 'Node', name: 'n1' } },
          { ...behind('a', '10.0.0.2'), hints: { forZones: [{ name: 'z' }] } },
        ]),
      ],
      SQL,
    );
    expect(node).toMatchObject({ pod: undefined, isZoned: false });
    expect(zoned).toMatchObject({ pod: 'a', isZoned: true });
  });

  it('takes whichever port there is where none is asked for', () => {
    expect(found([slice([behind('a', '10.0.0.1')])])).toEqual(['10.0.0.1 5432 ready']);
  });
});

describe('servicePort', () => {
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'http', port: 80, targetPort: 'web' },
    { name: 'https', port: 443, protocol: 'TCP' },
  ];
  it.each([
    [undefined, 'tcp', 80],
    ['https', 'tcp', 443],
    ['443', 'tcp', 443],
    ['dns', 'tcp', undefined],
    ['web', 'tcp', undefined],
    [undefined, 'udp', 53],
    ['80', 'udp', undefined],
  ] as const)('%s over %s is %s', (port, protocol, number) => {
    expect(servicePort(service([], { ports }), port, protocol)?.port).toBe(number);
  });
});

describe('the families of a Service', () => {
  it.each([
    ['two', service(['10.96.0.5', 'fd00::5']), ['IPv4', 'IPv6']],
    ['two, the other way round', service(['fd00::5', '10.96.0.5']), ['IPv6', 'IPv4']],
    ['one', service(['fd00::5']), ['IPv6']],
    ['those of its addresses', service(['10.96.0.5'], { ipFamilies: undefined }), ['IPv4']],
    ['those of its endpoints', service(['None'], { ipFamilies: undefined }), ['IPv6', 'IPv4']],
  ])('are %s', (_what, one, families) => {
    const slices = [slice([behind('a', 'fd00::1')]), slice([behind('a', '10.0.0.1')])];
    expect(serviceFamilies(one, slices)).toEqual(families);
  });

  it('have an address each, but for a headless one', () => {
    expect(clusterIps(service(['10.96.0.5', 'fd00::5']))).toEqual(['10.96.0.5', 'fd00::5']);
    expect(clusterIps(service(['10.96.0.5'], { clusterIPs: undefined }))).toEqual(['10.96.0.5']);
    expect(clusterIps(service(['None']))).toEqual([]);
    expect(clusterIps({ spec: { type: 'ExternalName' } })).toEqual([]);
  });
});
