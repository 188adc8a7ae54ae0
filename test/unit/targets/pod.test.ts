import { describe, expect, it } from 'vitest';
import type { SessionFlags } from '../../../src/model/args.ts';
import { sessionSpec } from '../../../src/targets/pod.ts';
import { pod } from './pods.ts';

describe('sessionSpec', () => {
  const flags: SessionFlags = {
    profile: 'auto',
    via: 'auto',
    idleMs: 600_000,
    timeoutMs: 60_000,
    keep: false,
  };

  it('has the usual policy and no container to stand beside', () => {
    expect(sessionSpec(pod(), flags, 'img')).toEqual({
      image: 'img',
      imagePullPolicy: 'IfNotPresent',
      targetContainer: undefined,
      idleSeconds: 600,
      choice: 'auto',
    });
  });

  it.each([
    [1, 1],
    [1000, 1],
    [1001, 2],
    [90_000, 90],
  ])('rounds %i ms up to %i whole seconds', (idleMs, seconds) => {
    expect(sessionSpec(pod(), { ...flags, idleMs }, 'img').idleSeconds).toBe(seconds);
  });

  it('takes what was asked for', () => {
    const asked = {
      ...flags,
      container: 'app',
      imagePullPolicy: 'Always' as const,
      profile: 'baseline' as const,
    };
    expect(sessionSpec(pod(), asked, 'img')).toMatchObject({
      targetContainer: 'app',
      imagePullPolicy: 'Always',
      choice: 'baseline',
    });
  });

  it('takes a sidecar, and no init container that ends', () => {
    const mesh = pod({
      spec: {
        containers: [{ name: 'app' }],
        initContainers: [{ name: 'istio-init' }, { name: 'istio-proxy', restartPolicy: 'Always' }],
      },
    });
    const beside = (container: string) => sessionSpec(mesh, { ...flags, container }, 'img').targetContainer;
    expect(beside('istio-proxy')).toBe('istio-proxy');
    expect(() => beside('istio-init')).toThrow(
      'pod "web-0" has no container "istio-init" (it has: app, istio-proxy).',
    );
  });

  it('refuses a container that the pod does not have, and names those that it has', () => {
    expect(() => sessionSpec(pod(), { ...flags, container: 'db' }, 'img')).toThrow(
      'pod "web-0" has no container "db" (it has: app).',
    );
  });
});
