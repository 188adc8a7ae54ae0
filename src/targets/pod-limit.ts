/** The limits of a pod's cgroup, as its kubelet computes them from the pod. Pure. */
import type { Pod } from '../model/kube-objects.ts';
import { bytesOf, milliCpusOf } from './quantity.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

const RESOURCES = { memory: bytesOf, cpu: milliCpusOf };

/**
 * In bytes of memory or thousandths of a CPU; `undefined`: the pod's cgroup has no such limit. An ephemeral container
 * counts against it and adds nothing to it. As ResourceConfigForPod has it
 * (k8s.io/kubernetes/pkg/kubelet/cm/helpers_linux.go), with PodLimits of k8s.io/component-helpers/resource: the pod's own
 * limit; else the sum of its containers' where each of them, init containers too, has one; and a RuntimeClass's overhead
 * on top.
 */
export function podLimit({ spec, status }: Pod, resource: keyof typeof RESOURCES): number | undefined {
  if (spec === undefined) return undefined;
  const valueIn = (list: { readonly [name: string]: string } | undefined): number | undefined =>
    RESOURCES[resource](list?.[resource]);
  const applied = new Map(
    [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map(
      ({ name, resources }) => [name, valueIn(resources?.limits)],
    ),
  );
  // After a resize the spec says what is wanted, and the status what is in force: the smaller one holds for sure.
  const limitOf = ({ name, resources }: Container): number => {
    const wanted = valueIn(resources?.limits) ?? 0;
    return Math.min(wanted, applied.get(name) ?? wanted);
  };
  const own = valueIn(spec.resources?.limits) ?? 0;
  const limit = own > 0 ? own : containersLimit(spec.containers, spec.initContainers ?? [], limitOf);
  return limit === 0 ? undefined : limit + (valueIn(spec.overhead) ?? 0);
}

/** 0 where one of them has no limit. */
function containersLimit(
  containers: readonly Container[],
  initContainers: readonly Container[],
  limitOf: (container: Container) => number,
): number {
  if ([...containers, ...initContainers].some((one) => limitOf(one) === 0)) return 0;
  // An init container runs beside the native sidecars before it (KEP-753), and the pod has to hold the most of these.
  let [sidecars, initial] = [0, 0];
  for (const one of initContainers) {
    const limit = limitOf(one);
    if (one.restartPolicy === 'Always') sidecars += limit;
    initial = Math.max(initial, one.restartPolicy === 'Always' ? sidecars : sidecars + limit);
  }
  return Math.max(initial, sidecars + containers.reduce((sum, one) => sum + limitOf(one), 0));
}
