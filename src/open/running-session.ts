/** Whether a session on a pod would find its container there already. Pure. */
import type { SessionFlags } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import { findRunning } from '../targets/ephemeral.ts';
import { sessionSpec } from '../targets/pod.ts';
import { imageFor } from './image.ts';

/** Its name; `undefined`: one would be added. @throws {UserError} exit 3: -c names a container that the pod has not */
export function findRunningSession(pod: Pod, flags: SessionFlags): string | undefined {
  return findRunning(pod, sessionSpec(pod, flags, imageFor(flags)))?.name;
}
