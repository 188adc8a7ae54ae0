/** What to do about a story: commands for its first pair, that can be pasted. Pure. */

import { type Advice, advice, nettools } from '../../model/advice.ts';
import type { Occurrence } from '../../model/finding.ts';
import { CLOSED_PORT, type MatrixCell, type MatrixPlace } from '../../model/matrix.ts';
import { bracketed } from '../../model/socket-address.ts';
import { overlay } from './rules/overlay.ts';
import { sending } from './rules/sending.ts';
import { serviceDiffers } from './rules/service-differs.ts';
import type { Pattern } from './rules/shared.ts';
import { size } from './rules/size.ts';
import { worse } from './rules/worse.ts';
import type { Measured, Story } from './story.ts';

/** With the places of the first pair in it, so that it can be pasted. */
export function remedyOf(
  { meta }: Pattern,
  { bad }: Story,
  matrix: Measured,
): Occurrence['remediation'] | undefined {
  const [first] = bad;
  if (first === undefined || meta === overlay.meta) return undefined;
  const [source, destination] = [matrix.sources[first.source], matrix.destinations[first.destination]];
  if (source === undefined || destination === undefined) return undefined;
  const from = source.namespace === undefined ? [source.target] : [source.target, '-n', source.namespace];
  const to = destinationWord(destination, source, first.cell);
  switch (meta) {
    case size.meta:
      return advice`Make the MTU of the pods as small as what carries their packets allows. What the size is, and where it is lost:
${nettools`mtu ${from} --to ${to}`}`;
    case worse.meta:
      return advice`Measure one of the pairs by itself, with more probes:
${nettools`latency ${from} --to ${to}`}`;
    case serviceDiffers.meta:
      return advice`Compare the rules of the node with the endpoints that the API knows, and see whether kube-proxy there runs:
${nettools`service ${from} --to ${to}`}`;
    case sending.meta:
      // One pod, not all of a node's.
      return advice`${bothEnds(from, to, destination)}${source.kind === 'pod' && bad.every((one) => one.source === first.source) ? advice`\nOthers do get answers from its address. Where no policy or rule stops what it opens, another host may have that address too, and take its answers:\n${nettools`arp ${from}`}` : ''}`;
    default:
      return bothEnds(from, to, destination);
  }
}

function bothEnds(from: readonly string[], to: string, { kind }: MatrixPlace): Advice {
  return advice`Look at both ends of one of the pairs at the same time; a NetworkPolicy that keeps them apart on purpose shows there too:
${nettools`diagnose ${from} --to ${kind === 'pod' ? [to, '--both-ends'] : to}`}`;
}

/** As --to takes it, read in the source's namespace. */
function destinationWord(to: MatrixPlace, from: MatrixPlace, { address, tcp }: MatrixCell): string {
  // A port that nobody has named would be told to have no listener.
  const port = tcp?.port === undefined || tcp.port === CLOSED_PORT ? '' : `:${tcp.port}`;
  if (to.kind === 'service' && to.namespace !== undefined) {
    const name = to.namespace === from.namespace ? to.target : `${to.target}.${to.namespace}`;
    return `${name}${port}`;
  }
  if (to.kind === 'pod' && to.namespace === from.namespace) return `${to.target}${port}`;
  return `${bracketed(address)}${port}`;
}
