import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { podLimit } from '../../../src/targets/pod-limit.ts';
import { pod, status } from './pods.ts';

type Spec = NonNullable<Pod['spec']>;
type Container = Spec['containers'][number];

const MIB = 1024 ** 2;
const limited = (memory?: string, rest: Partial<Container> = {}): Container => ({
  name: 'app',
  ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
  ...rest,
});
const sidecar = (memory?: string) => limited(memory, { name: 'sidecar', restartPolicy: 'Always' });
const init = (memory?: string) => limited(memory, { name: 'init' });

describe('the memory limit of a pod', () => {
  it.each<[string, Spec, number | undefined]>([
    ['one container', { containers: [limited('96Mi')] }, 96],
    ['none', { containers: [limited()] }, undefined],
    ['a CPU limit alone', { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] }, undefined],
    ['the sum', { containers: [limited('96Mi'), limited('32Mi')] }, 128],
    ['one of two', { containers: [limited('96Mi'), limited()] }, undefined],
    ['an init container without one', { containers: [limited('96Mi')], initContainers: [init()] }, undefined],
    ['a small init container', { containers: [limited('96Mi')], initContainers: [init('8Mi')] }, 96],
    ['a large init container', { containers: [limited('96Mi')], initContainers: [init('1Gi')] }, 1024],
    ['a sidecar', { containers: [limited('96Mi')], initContainers: [sidecar('32Mi')] }, 128],
    [
      'an init container after a sidecar',
      { containers: [limited('96Mi')], initContainers: [sidecar('32Mi'), init('128Mi')] },
      160,
    ],
    [
      'an init container before a sidecar',
      { containers: [limited('96Mi')], initContainers: [init('128Mi'), sidecar('32Mi')] },
      128,
    ],
    ["the pod's own", { containers: [limited()], resources: { limits: { memory: '64Mi' } } }, 64],
    [
      "the pod's own, which counts more than the sum",
      { containers: [limited('96Mi')], resources: { limits: { memory: '256Mi' } } },
      256,
    ],
    [
      "a limit of the pod's CPU alone",
      { containers: [limited('96Mi')], resources: { limits: { cpu: '1' } } },
      96,
    ],
    ['overhead', { containers: [limited('96Mi')], overhead: { memory: '120Mi' } }, 216],
    ['overhead alone', { containers: [limited()], overhead: { memory: '120Mi' } }, undefined],
  ])('with %s', (_title, spec, mib) => {
    expect(podLimit(pod({ spec }), 'memory')).toBe(mib === undefined ? undefined : mib * MIB);
  });

  it.each([
    ['wants more than it has yet', '256Mi', '96Mi', 96],
    ['wants less', '64Mi', '96Mi', 64],
  ])('of a pod that %s is the smaller one', (_title, wanted, applied, mib) => {
    const resized = pod({
      spec: { containers: [limited(wanted)] },
      status: {
        containerStatuses: [{ ...status('app', {}), resources: { limits: { memory: applied } } }],
      },
    });
    expect(podLimit(resized, 'memory')).toBe(mib * MIB);
  });

  it('is unknown of a pod without a spec', () => {
    expect(podLimit({}, 'memory')).toBeUndefined();
  });
});

describe('the CPU limit of a pod', () => {
  const cpu = (...limits: string[]) =>
    podLimit(
      pod({
        spec: {
          containers: limits.map((one, i) => ({ name: `c${i}`, resources: { limits: { cpu: one } } })),
        },
      }),
      'cpu',
    );

  it('is in thousandths of one', () => {
    expect(cpu('20m')).toBe(20);
    expect(cpu('0.5')).toBe(500);
    expect(cpu('0.007')).toBe(7);
    expect(cpu('2', '100m')).toBe(2100);
  });

  it('is not made of memory', () => {
    expect(podLimit(pod({ spec: { containers: [limited('96Mi')] } }), 'cpu')).toBeUndefined();
  });
});
