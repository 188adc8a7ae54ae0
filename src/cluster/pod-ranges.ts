/** The ranges of a node's pods, as the API has them. Pure. */
import type { Node } from '../model/kube-objects.ts';

/** In CIDR notation, one for each family at most; none where the cluster gives its nodes no ranges. */
export function podRanges({ spec }: Node): readonly string[] {
  return spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
}
