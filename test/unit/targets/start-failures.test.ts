import { describe, expect, it } from 'vitest';
import { limitHint } from '../../../src/targets/start-failures.ts';

describe('limitHint', () => {
  it.each([
    "RunContainerError: failed to create containerd task: OCI runtime create failed: runc create failed: unable to start container process: can't get final child's PID from pipe: EOF: unknown",
    'OCI runtime create failed: runc create failed: unable to start unit: fork/exec /proc/self/exe: resource temporarily unavailable',
    'crun: clone: Resource temporarily unavailable',
  ])('names the limit of processes: %s', (text) => {
    expect(limitHint(text)).toBe(
      'The process limit (pids) of the pod is probably reached; --via node measures from its node.',
    );
  });

  it.each([
    'exec: "sh": executable file not found in $PATH',
    'Failed to pull image "x": resource temporarily unavailable',
  ])('has nothing to say of %s', (text) => {
    expect(limitHint(text)).toBeUndefined();
  });
});
