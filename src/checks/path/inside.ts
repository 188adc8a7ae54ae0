/** Which addresses are the cluster's. Pure. */
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';

/** Whether an address lies in one of these ranges. */
export function liesIn(ranges: readonly string[], address: string): boolean {
  const own = parsePrefix(address);
  return (
    own !== undefined &&
    ranges.some((range) => {
      const prefix = parsePrefix(range);
      return prefix !== undefined && contains(prefix, own);
    })
  );
}
