import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { pullHint } from '../../../src/targets/pull-hint.ts';

const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1' };
const plain: Pod = { metadata, spec: { containers: [{ name: 'app' }], serviceAccountName: 'web' } };
const withSecret: Pod = {
  metadata,
  spec: { containers: [{ name: 'app' }], imagePullSecrets: [{ name: 'registry' }] },
};
const refused = 'Failed to pull image "reg.example/x:1": unexpected status: 401 Unauthorized';

describe('pullHint', () => {
  it.each([
    refused,
    'ErrImagePull: failed to resolve reference: pull access denied, repository does not exist or may require authorization',
    'ImagePullBackOff: Back-off pulling image "x": authorization failed: no basic auth credentials',
    'Failed to pull image "x": denied: requested access to the resource is denied',
    'Failed to pull image "x": 403 Forbidden',
    'Failed to pull image "x": reading manifest 1: authentication required',
  ])('takes for a want of credentials: %s', (text) => {
    expect(pullHint(text, plain, 'nettools-x')).toContain('the pod has no imagePullSecrets');
  });

  it('names what a pod got when it was created', () => {
    expect(pullHint(refused, plain, 'nettools-x')).toContain('ServiceAccount "web" of namespace "shop"');
    expect(pullHint(refused, withSecret, 'nettools-x')).toContain('imagePullSecrets (registry)');
  });

  it('tells of --pull-secret only where it counts: in a pod that the tool has made', () => {
    expect(pullHint(refused, plain, 'nettools-x')).not.toContain('--pull-secret');
    expect(pullHint(refused, plain, 'app')).toContain('with --pull-secret');
    expect(pullHint(refused, withSecret, 'app')).toContain('the Secret registry of namespace "shop"');
  });

  it.each([
    'Failed to pull image "ghcr.io/x:1": dial tcp: lookup ghcr.io: no such host',
    'Failed to pull image "ghcr.io/x:1": dial tcp 192.0.2.1:443: i/o timeout',
  ])('tells of mirrors where there is no way to the registry: %s', (text) => {
    expect(pullHint(text, plain, 'nettools-x')).toContain('--mirror');
  });

  it.each([
    'Failed to pull image "reg.example/x:1": not found',
    'StartError: exec: "sh": executable file not found in $PATH',
    'ErrImageNeverPull: Container image "x" is not present with pull policy of Never',
    'CreateContainerConfigError: 401 Unauthorized is what this says, of something else',
  ])('has nothing to say of %s', (text) => {
    expect(pullHint(text, plain, 'nettools-x')).toBeUndefined();
  });
});
