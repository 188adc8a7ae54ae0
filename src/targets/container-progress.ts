/** Where a container stands, as its pod's status says. Pure. */
import type { Pod } from '../model/kube-objects.ts';
import { statusOf } from './ephemeral.ts';

/** Reasons of `waiting` that pass by themselves; every other one is the kubelet's word that it failed. */
const PASSING = new Set(['ContainerCreating', 'PodInitializing']);

/** Where a container stands. */
export type Progress =
  | { readonly kind: 'running' }
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

/** Reads a container's progress from a pod. Pure. */
export function progressOf(pod: Pod, container: string): Progress {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    return {
      kind: 'failed',
      text: `the pod has ended meanwhile (${[phase, pod.status?.reason, pod.status?.message].filter(Boolean).join(', ')})`,
    };
  }
  if (pod.metadata?.deletionTimestamp !== undefined)
    return { kind: 'failed', text: 'the pod is being deleted' };
  const status = statusOf(pod, container);
  const { running, waiting, terminated } = status?.state ?? {};
  if (running) return { kind: 'running' };
  if (terminated) {
    const detail = terminated.message ?? `exit code ${terminated.exitCode}`;
    return { kind: 'failed', text: `${terminated.reason ?? 'ended'}: ${detail.trim()}` };
  }
  if (waiting?.reason && !PASSING.has(waiting.reason)) {
    return {
      kind: 'failed',
      text: `${waiting.reason}: ${(waiting.message ?? 'the kubelet gives no message').trim()}`,
    };
  }
  return {
    kind: 'waiting',
    text: waiting?.reason ?? (status ? 'created' : 'the kubelet has not reported yet'),
  };
}
