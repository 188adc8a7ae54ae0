/** The namespaces on the way, in each of which a capture runs while the probes do. */
import type { PlaceFailure, PlacePlan, Places, Where } from '../../model/place.ts';
import { WATCH_READY, whyNoDrops } from '../shared/drops/watch.ts';
import type { PathInput, Place } from './facts.ts';
import { dropsCommand, evidenceId, isOnTheWay, readingAt, readingOnNode, watchCommand } from './watch.ts';

export default {
  plan: (input, scripts): readonly PlacePlan[] => [
    ...input.places.map((place) => ({
      id: place.id,
      label: place.label,
      where: whereOf(place, input.watchers !== undefined),
      ...readingAt(input, place.id, scripts),
      ...(isOnTheWay(input, place.id)
        ? { during: { command: watchCommand(input, place.id), readyWords: 'listening on' } }
        : {}),
    })),
    ...(input.watchers ?? []).map(({ id, node }) => ({
      id,
      label: `node/${node}`,
      where: { kind: 'node', name: node, watching: true } as const,
      ...readingOnNode(input),
      during: { command: dropsCommand(input), readyWords: WATCH_READY, printsAtEnd: true } as const,
    })),
  ],
  join: (input, results) => ({
    input: {
      ...input,
      places: input.places.map((place) => {
        const failure = results.find(({ id }) => id === place.id)?.failure;
        return failure === undefined ? place : { ...place, unwatched: reason(failure) };
      }),
      ...(input.watchers === undefined
        ? {}
        : {
            watchers: input.watchers.map((watcher) => {
              const failure = results.find(({ id }) => id === watcher.id)?.failure;
              return failure === undefined ? watcher : { ...watcher, unwatched: whyNoDrops(failure) };
            }),
          }),
    },
    evidence: Object.fromEntries(
      results.flatMap(({ id: place, evidence }) =>
        Object.entries(evidence).map(([id, result]) => {
          const own = evidenceId(place, id);
          return [own, { ...result, id: own }];
        }),
      ),
    ),
  }),
} satisfies Places<PathInput>;

function whereOf({ isTarget, pod, node }: Place, isWatching: boolean): Where {
  if (isTarget) return { kind: 'target' };
  if (pod) return { kind: 'pod', ...pod };
  // One pod on the node for whoever listens there.
  return { kind: 'node', name: node ?? '', ...(isWatching ? { watching: true } : {}) };
}

/** Why nobody listens at a place, in words that end a sentence. */
function reason(failure: PlaceFailure): string {
  switch (failure.kind) {
    case 'late':
      return 'tcpdump does not begin to listen';
    case 'error':
      return failure.text;
    case 'ended': {
      const { code, lastWords } = failure;
      if (/permission|Operation not permitted/i.test(lastWords))
        return 'listening needs NET_RAW: use --profile netadmin';
      if (code === 127 || /not found|No such file/.test(lastWords)) return 'the image has no tcpdump';
      return lastWords || `tcpdump ended with code ${code}`;
    }
  }
}
