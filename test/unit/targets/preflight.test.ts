import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { EphemeralContainer, Pod } from '../../../src/model/kube-objects.ts';
import { buildContainer, sessionContainer } from '../../../src/targets/ephemeral.ts';
import { containerProblem, patchContainer, podProblem } from '../../../src/targets/preflight.ts';
import { pod, podWith, spec, status } from './pods.ts';

const unscheduled = (message: string): Pod =>
  pod({
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
    },
  });

describe('podProblem', () => {
  it.each<[string, Pod]>([
    ['runs', pod()],
    [
      'runs, although no container of it is ready',
      pod({
        status: {
          phase: 'Running',
          containerStatuses: [status('app', { waiting: { reason: 'CrashLoopBackOff' } })],
        },
      }),
    ],
    [
      'waits for its init containers: it has its namespace already',
      pod({
        status: {
          phase: 'Pending',
          podIP: '198.18.1.2',
          initContainerStatuses: [status('init', { running: {} })],
        },
      }),
    ],
  ])('is none of a pod that %s', (_title, it) => {
    expect(podProblem(it)).toBeUndefined();
  });

  it.each<[string, Pod, string]>([
    [
      'is static',
      pod({ metadata: { annotations: { 'kubernetes.io/config.mirror': 'abc' } } }),
      'pod "web-0" is a static pod of node "node1": the API cannot add a container to it.',
    ],
    [
      'runs on Windows, by its os',
      pod({ spec: { containers: [], os: { name: 'windows' } } }),
      'pod "web-0" runs on Windows; only Linux pods are supported.',
    ],
    [
      'runs on Windows, by its node',
      pod({ spec: { containers: [], nodeSelector: { 'kubernetes.io/os': 'windows' } } }),
      'pod "web-0" runs on Windows; only Linux pods are supported.',
    ],
    [
      'has completed',
      pod({ status: { phase: 'Succeeded' } }),
      'pod "web-0" has completed (Succeeded): its network namespace is gone.',
    ],
    [
      'has failed',
      pod({ status: { phase: 'Failed', reason: 'Evicted' } }),
      'pod "web-0" has completed (Failed): its network namespace is gone.',
    ],
    [
      'is being deleted',
      pod({ metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' as unknown as Date } }),
      'pod "web-0" is being deleted.',
    ],
    [
      'is on a lost node',
      pod({
        status: {
          phase: 'Running',
          reason: 'NodeLost',
          message: 'Node node1 which was running pod web-0 is unresponsive',
        },
      }),
      'pod "web-0" is on a node that is lost: Node node1 which was running pod web-0 is unresponsive',
    ],
    [
      'is Pending with no reason given',
      pod({ status: { phase: 'Pending' } }),
      'pod "web-0" is still Pending; it has no network namespace yet.',
    ],
    [
      'cannot be scheduled',
      unscheduled('0/2 nodes are available: 2 Insufficient cpu.'),
      'pod "web-0" is still Pending: 0/2 nodes are available: 2 Insufficient cpu; it has no network namespace yet.',
    ],
    [
      'waits for an image',
      pod({
        status: {
          phase: 'Pending',
          containerStatuses: [status('app', { waiting: { reason: 'ErrImagePull', message: 'not found' } })],
        },
      }),
      'pod "web-0" is still Pending: ErrImagePull, not found; it has no network namespace yet.',
    ],
    [
      'is being created',
      pod({
        status: {
          phase: 'Pending',
          containerStatuses: [status('app', { waiting: { reason: 'ContainerCreating' } })],
        },
      }),
      'pod "web-0" is still Pending: ContainerCreating; it has no network namespace yet.',
    ],
  ])('of a pod that %s is one sentence', (_title, it, problem) => {
    expect(podProblem(it)).toBe(problem);
  });

  it('names what will not change before what may', () => {
    const both = pod({
      metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' as unknown as Date },
      status: { phase: 'Succeeded' },
    });
    expect(podProblem(both)).toContain('has completed');
  });
});

describe('containerProblem', () => {
  const mesh = (state: Parameters<typeof status>[1]): Pod =>
    pod({ status: { phase: 'Running', initContainerStatuses: [status('istio-proxy', state)] } });

  it('is none of a sidecar that runs', () => {
    expect(containerProblem(mesh({ running: {} }), 'istio-proxy')).toBeUndefined();
  });

  it('says why a sidecar does not run', () => {
    expect(containerProblem(mesh({ waiting: { reason: 'CrashLoopBackOff' } }), 'istio-proxy')).toContain(
      'container "istio-proxy" of pod "web-0" does not run (CrashLoopBackOff)',
    );
  });
});

describe('patchContainer', () => {
  /** An API server with this pod, which refuses each change of an ephemeral container. */
  function server(now: Pod): { client: KubeClient; sent: EphemeralContainer[] } {
    const sent: EphemeralContainer[] = [];
    const patch = async (_path: string, body: Pod): Promise<Pod> => {
      const [container] = body.spec?.ephemeralContainers ?? [];
      const entry = now.spec?.ephemeralContainers?.find(({ name }) => name === container?.name);
      if (entry && JSON.stringify(entry) !== JSON.stringify(container)) {
        throw new ApiError(422, 'Invalid', 'existing ephemeral containers may not be changed');
      }
      if (container) sent.push(container);
      return now;
    };
    return { client: { get: async () => now, patch } as unknown as KubeClient, sent };
  }

  it('takes what another client has just added, whatever its idle time is', async () => {
    const theirs = spec({ idleSeconds: 5 });
    const { name } = sessionContainer(pod(), theirs, 'netadmin');
    const { client, sent } = server(podWith({ name, spec: theirs, state: 'unreported' }));
    await expect(patchContainer(client, pod(), spec(), 'netadmin')).resolves.toMatchObject({ name });
    expect(sent).toEqual([buildContainer(name, theirs, 'netadmin')]);
  });

  it('passes on any other refusal', async () => {
    const refusal = new ApiError(422, 'Invalid', 'no');
    const refusing = {
      get: async () => pod(),
      patch: async () => {
        throw refusal;
      },
    } as unknown as KubeClient;
    await expect(patchContainer(refusing, pod(), spec(), 'netadmin')).rejects.toBe(refusal);
  });
});
