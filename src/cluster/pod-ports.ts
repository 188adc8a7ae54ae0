/** The ports that a pod declares. Pure. */
import { longRunning } from '../kube/containers.ts';
import type { Pod } from '../model/kube-objects.ts';

export interface DeclaredPort {
  readonly container: string;
  readonly name: string | undefined;
  readonly port: number;
  /** `TCP`, `UDP` or `SCTP`. */
  readonly protocol: string;
}

/** Those of its sidecars too: a Service's named port may be one of them, as kube-controller-manager resolves it. */
export function declaredPorts(pod: Pod): readonly DeclaredPort[] {
  return longRunning(pod).flatMap(({ name: container, ports = [] }) =>
    ports.map(({ name, containerPort: port, protocol = 'TCP' }) => ({ container, name, port, protocol })),
  );
}
