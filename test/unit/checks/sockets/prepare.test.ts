import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/sockets/prepare.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { contextOf, PATHS, pod, service, serving, subjectOf } from '../../cluster/objects.ts';

const sidecar = { name: 'proxy', restartPolicy: 'Always', ports: [{ name: 'envoy', containerPort: 15001 }] };
const init = { name: 'setup', ports: [{ containerPort: 1 }] };
const POD = pod('db-1', ['10.0.0.1'], { initContainers: [sidecar, init] }) as unknown as Pod;

async function expected(...place: Parameters<typeof serving>) {
  const { cluster } = await serving(...place);
  return prepare(await contextOf({ ...subjectOf(cluster), pod: POD }));
}
const declared = [
  { port: 5432, protocol: 'tcp', by: 'declared', name: 'app' },
  { port: 15001, protocol: 'tcp', by: 'declared', name: 'proxy' },
];

describe('the ports that a pod should listen on', () => {
  it('are those that its containers declare, sidecars included', async () => {
    expect(await expected({ [PATHS.services]: [] })).toEqual({ expected: declared, portShare: 0.8 });
  });

  it('are those that Services send to, by their names too', async () => {
    const ports = [{ port: 80, targetPort: 'envoy' }];
    const input = await expected({ [PATHS.services]: [service(['10.96.0.5'], { ports })] });
    expect(input.expected).toEqual([
      { port: 15001, protocol: 'tcp', by: 'service', name: 'svc/db' },
      declared[0],
    ]);
  });

  it.each([
    [403, 'you may not read Services in shop'],
    [500, 'the server said Fault500'],
  ])('are told to be a part where Services are not read (%i)', async (status, servicesSkipped) => {
    expect(await expected({}, { [PATHS.services]: { status } })).toEqual({
      expected: declared,
      portShare: 0.8,
      servicesSkipped,
    });
  });
});
