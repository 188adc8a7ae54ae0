/** The containers of a pod. Pure. */
import type { Container, Pod } from '../model/kube-objects.ts';

/** Those that run as long as the pod: its own, and its sidecars (KEP-753: init containers that restart). */
export function longRunning({ spec }: Pod): readonly Container[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars];
}
