import { describe, expect, it } from 'vitest';
import prepare from '../../../../src/checks/sockets/prepare.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { contextOf, PATHS, pod, SHOP, service, serving, subjectOf } from '../../cluster/objects.ts';

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

describe('containers that end by a variable of a Service', () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
  const crashing = (name: string, container = 'app') => {
    const healthy = pod(name, ['10.0.0.1']);
    const terminated = { exitCode: 1, reason: 'Error', startedAt: at(10), finishedAt: at(11) };
    const state = { waiting: { reason: 'CrashLoopBackOff' } };
    const status = {
      ...healthy.status,
      containerStatuses: [{ name: container, ready: false, state, lastState: { terminated } }],
    };
    const containers = [...healthy.spec.containers, { name: 'agent' }];
    return { ...healthy, spec: { containers }, status };
  };
  const DB = {
    ...service(['10.96.0.5']),
    metadata: { namespace: SHOP, name: 'db', creationTimestamp: at(0) },
  };
  const lists = (...pods: ReturnType<typeof crashing>[]) => ({ [PATHS.pods]: pods, [PATHS.services]: [DB] });
  const log = (name: string) => ({
    [`${PATHS.pods}/${name}/log`]: { status: 200, body: { error: 'DB_PORT is not a number' } },
  });
  const input = async (own: object, to: string[], ...place: Parameters<typeof serving>) => {
    const { cluster, server } = await serving(...place);
    const found = await prepare(await contextOf({ ...subjectOf(cluster), pod: own as unknown as Pod }, to));
    return { ...found, logs: server.requests.filter((one) => one.includes('/log?')) };
  };

  it('are looked for in the target, which is called by the Service that sends there', async () => {
    const own = crashing('db-1');
    const { misread, logs } = await input(own, [], lists(), log('db-1'));
    expect(misread).toMatchObject([{ label: 'svc/db', pod: 'db-1', variable: 'DB_PORT', isPrevious: true }]);
    expect(logs).toEqual([
      `GET ${PATHS.pods}/db-1/log?container=app&previous=true&tailLines=50&limitBytes=16384`,
    ]);
  });

  it('are looked for in a DEST that is a pod, where they serve its port', async () => {
    const misread = async (container: string) =>
      (await input(POD, ['pod/db-2'], lists(crashing('db-2', container)), log('db-2'))).misread;
    expect(await misread('app')).toMatchObject([{ label: 'pod/db-2', container: 'app' }]);
    expect(await misread('agent')).toBeUndefined();
  });

  it('are not looked for in logs that may not be read, and in none of what is healthy', async () => {
    const denied = await input(crashing('db-1'), [], lists(), {
      [`${PATHS.pods}/db-1/log`]: { status: 403 },
    });
    expect(denied.misread).toBeUndefined();
    expect((await input(POD, [], lists())).logs).toEqual([]);
  });
});
