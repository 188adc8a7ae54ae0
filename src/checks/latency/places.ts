/** The containers with a CPU limit at both ends, whose counters are read in them. */
import type { Places } from '../../model/place.ts';
import { isStoppedAtAll, READ_CPU, REST_MS } from './cpu-limits.ts';
import type { LatencyInput } from './facts.ts';

export default {
  plan: ({ limited = [] }) =>
    limited
      .filter(({ unread }) => unread === undefined)
      .map(({ id, namespace, pod, container }) => ({
        id,
        label: `container ${container} of pod ${pod}`,
        where: { kind: 'container', namespace, pod, container },
        counters: { ...READ_CPU, restMs: REST_MS, isWorthMore: isStoppedAtAll },
      })),
  // What could not be read loses nothing that was measured.
  join: (input, results) => ({
    input: {
      ...input,
      limited: (input.limited ?? []).map((one) => {
        const failure = results.find(({ id }) => id === one.id)?.failure;
        return failure === undefined
          ? one
          : { ...one, unread: failure.kind === 'error' ? failure.text : 'it did not answer' };
      }),
    },
    evidence: Object.fromEntries(
      results.flatMap(({ id: place, evidence }) =>
        Object.entries(evidence).map(([when, result]) => {
          const id = `${place}-${when}`;
          return [id, { ...result, id }];
        }),
      ),
    ),
  }),
} satisfies Places<LatencyInput>;
