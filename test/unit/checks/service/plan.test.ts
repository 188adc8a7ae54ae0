import { describe, expect, it } from 'vitest';
import type { EndpointInfo, ServiceInfo, ServiceInput } from '../../../../src/checks/service/facts.ts';
import { planService } from '../../../../src/checks/service/plan.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';

const endpoint = (address: string): EndpointInfo => ({ address, port: 8080, otherPorts: [] }) as never;
const service = (id: string, addresses: readonly string[]): ServiceInfo =>
  ({
    id,
    label: id,
    namespace: 'n',
    name: id,
    type: 'ClusterIP',
    clusterIp: '198.51.100.100',
    port: 80,
    protocol: 'tcp',
    ready: addresses.length,
    endpoints: addresses.map(endpoint),
  }) as never;

const SELF = '198.51.100.2';
const planOf = (...services: ServiceInfo[]) =>
  planService({ services, addresses: [SELF], node: 'n1' } as unknown as ServiceInput, PROBE_SCRIPTS);

describe('the series that shows whether a pod reaches itself', () => {
  it('is of one Service, that of the fewest endpoints, and comes when all else is done', () => {
    const { probe, after } = planOf(
      service('svc0', [SELF, '198.51.100.3', '198.51.100.4']),
      service('svc1', [SELF, '198.51.100.3']),
      service('svc2', [SELF]),
      service('svc3', ['198.51.100.3', '198.51.100.4']),
    );
    const series = (all: typeof probe) => all.filter(({ id }) => id.endsWith('-series'));
    expect(series(probe)).toEqual([]);
    expect(series(after).map(({ id, display }) => [id, display?.at(-1)])).toEqual([
      ['svc1-virtual-series', '9'],
    ]);
  });

  it('is not made where the target is no endpoint beside others', () => {
    const { probe, after } = planOf(service('svc0', [SELF]), service('svc1', ['198.51.100.3']));
    expect([...probe, ...after].filter(({ id }) => id.endsWith('-series'))).toEqual([]);
  });
});
