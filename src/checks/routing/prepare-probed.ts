/** What the kubelet asks of a pod that is not ready. */
import type { Subject } from '../../cluster/subject.ts';
import type { Pod } from '../../model/kube-objects.ts';
import type { Probed } from './facts.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

/** Of a pod that is ready its probes succeed: nothing is to be explained. */
export function probedPart({ pod, isHost }: Subject): { readonly probed?: Probed } {
  if (pod === undefined || isHost) return {};
  const unready = new Set(
    (pod.status?.containerStatuses ?? []).filter(({ ready }) => !ready).map(({ name }) => name),
  );
  const ports = (pod.spec?.containers ?? [])
    .filter(({ name }) => unready.has(name))
    .flatMap((container) => portsOf(container).map((port) => ({ container: container.name, port })));
  const node = (pod.status?.hostIPs ?? []).flatMap(({ ip }) => ip ?? []);
  return ports.length === 0 ? {} : { probed: { ports, node } };
}

/** The kubelet's own connections; commands run in the container, and ask nobody. */
function portsOf({ ports = [], startupProbe, readinessProbe, livenessProbe }: Container): number[] {
  const all = [startupProbe, readinessProbe, livenessProbe].flatMap((probe) => {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port;
    const known = typeof port === 'string' ? ports.find(({ name }) => name === port)?.containerPort : port;
    return known === undefined ? [] : [Number(known)];
  });
  return [...new Set(all)];
}
