import { describe, expect, it } from 'vitest';
import type { ContainerStatus, Pod } from '../../../src/model/kube-objects.ts';
import { progressOf } from '../../../src/targets/container-progress.ts';
import { failureOf } from '../../../src/targets/start-failures.ts';
import { pod, podWith, STATES, status } from './pods.ts';

const withState = (state: NonNullable<ContainerStatus['state']>): Pod =>
  pod({
    status: {
      phase: 'Running',
      ephemeralContainerStatuses: [status('other', STATES.running), status('x', state)],
    },
  });

describe('progressOf', () => {
  it('is running when the kubelet says so', () => {
    expect(progressOf(withState(STATES.running), 'x')).toEqual({ kind: 'running' });
  });

  it.each([
    ['nothing is reported yet', pod(), 'the kubelet has not reported yet'],
    ['only another container is reported', podWith({ name: 'other' }), 'the kubelet has not reported yet'],
    ['a status without a state is reported', withState({}), 'created'],
    ['it is being created', withState({ waiting: { reason: 'ContainerCreating' } }), 'ContainerCreating'],
    [
      'the pod is being initialized',
      withState({ waiting: { reason: 'PodInitializing' } }),
      'PodInitializing',
    ],
    ['it waits for no reason', withState({ waiting: {} }), 'created'],
  ])('is waiting when %s', (_title, it, text) => {
    expect(progressOf(it, 'x')).toEqual({ kind: 'waiting', text });
  });

  // Reasons of pkg/kubelet/images/types.go, pkg/kubelet/kuberuntime and pkg/kubelet/container/sync_result.go.
  it.each([
    'ErrImagePull',
    'ImagePullBackOff',
    'ErrImageNeverPull',
    'InvalidImageName',
    'ImageInspectError',
    'RegistryUnavailable',
    'SignatureValidationFailed',
    'CreateContainerConfigError',
    'CreateContainerError',
    'PreCreateHookError',
    'PreStartHookError',
    'PostStartHookError',
    'RunContainerError',
    'CrashLoopBackOff',
  ])("has failed with the kubelet's words when it says %s", (reason) => {
    expect(progressOf(withState({ waiting: { reason, message: ' because of this\n' } }), 'x')).toEqual({
      kind: 'failed',
      text: `${reason}: because of this`,
    });
  });

  it.each([
    [
      'a reason without a message',
      withState({ waiting: { reason: 'ErrImagePull' } }),
      'ErrImagePull: the kubelet gives no message',
    ],
    [
      'an end with a message',
      withState({ terminated: { exitCode: 128, reason: 'StartError', message: 'exec: "sh": not found\n' } }),
      'StartError: exec: "sh": not found',
    ],
    [
      'an end without one',
      withState({ terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      'OOMKilled: exit code 137',
    ],
    ['an end without a reason', withState({ terminated: { exitCode: 1 } }), 'ended: exit code 1'],
    [
      'the end of the pod',
      pod({ status: { phase: 'Failed', reason: 'Evicted' } }),
      'the pod has ended meanwhile (Failed, Evicted)',
    ],
    [
      'the completion of the pod',
      pod({ status: { phase: 'Succeeded' } }),
      'the pod has ended meanwhile (Succeeded)',
    ],
    [
      'the deletion of the pod',
      pod({ metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' as unknown as Date } }),
      'the pod is being deleted',
    ],
  ])('has failed by %s', (_title, it, text) => {
    expect(progressOf(it, 'x')).toEqual({ kind: 'failed', text });
  });

  it('does not take a container for running whose pod has ended', () => {
    const ended: Pod = {
      ...withState(STATES.running),
      status: { ...withState(STATES.running).status, phase: 'Failed' },
    };
    expect(progressOf(ended, 'x').kind).toBe('failed');
  });
});

describe('failureOf', () => {
  const failure = (message?: string) =>
    failureOf({
      involvedObject: {},
      metadata: {},
      reason: 'Failed',
      ...(message === undefined ? {} : { message }),
    });

  it('gives the cause that the kubelet names', () => {
    const message = 'Container image "x" is not present with pull policy of Never';
    expect(failure(message)).toBe(message);
    const start = 'Error: failed to create containerd task: no such file';
    expect(failure(start)).toBe(start);
  });

  it.each(['Error: ErrImageNeverPull', 'Error: ImagePullBackOff', '  ', undefined])(
    'waits for the cause where the event has none: %j',
    (message) => {
      expect(failure(message)).toBeUndefined();
    },
  );
});
