/** The node's own network, whose kernel is watched while a diagnosis runs. */
import type { Places } from '../../model/place.ts';
import { evidenceOfWatch, WATCH_READY, WATCH_SECONDS, whyNoDrops } from '../shared/drops/watch.ts';
import type { DropsInput } from './facts.ts';

const ID = 'node';

export default {
  plan: ({ durationMs }) =>
    durationMs > 0
      ? []
      : [
          {
            id: ID,
            label: 'the node',
            where: { kind: 'target' },
            during: {
              command: ['nettools-drops', '--for', String(WATCH_SECONDS)],
              readyWords: WATCH_READY,
              printsAtEnd: true,
            },
          },
        ],
  join: (input, results) => {
    const own = results.find(({ id }) => id === ID);
    return own === undefined
      ? { input, evidence: {} }
      : {
          input: own.failure === undefined ? input : { ...input, unwatched: whyNoDrops(own.failure) },
          evidence: evidenceOfWatch(own),
        };
  },
} satisfies Places<DropsInput>;
