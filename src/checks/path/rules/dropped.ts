import type { Occurrence } from '../../../model/finding.ts';
import type { Severity } from '../../../model/report.ts';
import type { DropKind } from '../../shared/drops/kind.ts';
import { DROP_KINDS } from '../../shared/drops/kinds/index.ts';
import { noSocket } from '../../shared/drops/kinds/no-socket.ts';
import { outOfState } from '../../shared/drops/kinds/out-of-state.ts';
import { socketRoom } from '../../shared/drops/kinds/socket-room.ts';
import { tooBig } from '../../shared/drops/kinds/too-big.ts';
import { ttl } from '../../shared/drops/kinds/ttl.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byRule, countOf, quoteDrop, reasonOf, whereDropped } from '../drops.ts';
import type { PathFacts, PathsFacts, SeenDrop } from '../facts.ts';
import { endName, endOf } from '../story.ts';
import { bufferLoss } from './full-buffer.ts';

/** A probe that measures the way is sent to be dropped: a trace by its TTL, a size by the MTU. A refusal is told as one. */
const MEANT: readonly DropKind[] = [ttl, noSocket];
/** Of a flow that works: a segment that came too late, a size that does not fit and is sent smaller. */
const MAY_BE_MEANT: readonly DropKind[] = [outOfState, tooBig];

/** What is dropped of a flow besides the loss of its connection, of which NT-PATH-001 to 006 tell. */
function dropped(kind: DropKind): Rule<PathsFacts> {
  return {
    meta: kind.meta,
    judge: ({ paths, ends }) =>
      MEANT.includes(kind)
        ? []
        : [
            ...paths.flatMap((path) => found(kind, path.destination.label, endOf(path), others(path))),
            ...ends.flatMap((end) =>
              kind === socketRoom && bufferLoss(end) !== undefined
                ? []
                : found(kind, end.destination.label, endName(end), end.drops),
            ),
          ],
  };
}

/** Each try of a connection that is lost is dropped for the same reason. */
function others({ drop, drops }: PathFacts): readonly SeenDrop[] {
  return drop === undefined ? drops : drops.filter(({ kind }) => kind !== drop.kind);
}

function found(kind: DropKind, subject: string, end: string, all: readonly SeenDrop[]): Occurrence[] {
  const own = all.filter((drop) => drop.kind === kind);
  const groups = Map.groupBy(own, (drop) => `${whereDropped(drop)}: ${reasonOf(drop)}`);
  return [...groups.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const count = [first, ...more].reduce((sum, { flow }) => sum + flow.packets, 0);
    const way = first.packet === 'probe' ? 'to' : 'from';
    return [
      occurrence(
        kind.meta,
        MAY_BE_MEANT.includes(kind) ? 'info' : severityOf(kind),
        `${countOf(count)} ${way} ${end} ${count === 1 ? 'was' : 'were'} dropped ${whereDropped(first)} ${kind.words} (${reasonOf(first)})${byRule(first)}.`,
        quoteDrop(first),
        { subject },
      ),
    ];
  });
}

/** Who asks for a flow wants to know what becomes of it. */
function severityOf({ meta }: DropKind): Severity {
  return meta.severities.includes('warning') ? 'warning' : 'info';
}

export const DROPPED: readonly Rule<PathsFacts>[] = DROP_KINDS.map(dropped);
