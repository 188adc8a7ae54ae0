/** An iperf3 server in each pod that needs one: it lives for one test. */
import type { PlaceFailure, Places } from '../../model/place.ts';
import { longestSeconds, type ThroughputInput } from './facts.ts';
import { needsServer, PORT } from './server-port.ts';

export default {
  plan: (input) =>
    input.destinations.filter(needsServer).map(({ id, label, pod }) => ({
      id,
      label,
      where: { kind: 'pod', namespace: pod?.namespace ?? '', name: pod?.name ?? '' },
      during: {
        // It ends by itself after one test, and in any case.
        command: ['timeout', String(longestSeconds(input)), 'iperf3', '-s', '-1', '-p', PORT, '--forceflush'],
        readyWords: 'Server listening',
      },
    })),
  join: (input, results) => ({
    input: {
      ...input,
      destinations: input.destinations.map((destination) => {
        const result = results.find(({ id }) => id === destination.id);
        // What ended a server that was ready, its client has measured or reported.
        return result?.failure === undefined || result.wasReady
          ? destination
          : { ...destination, noServer: reason(result.failure) };
      }),
    },
    evidence: {},
  }),
} satisfies Places<ThroughputInput>;

/** Why there is no server, in words that end a sentence. */
function reason(failure: PlaceFailure): string {
  switch (failure.kind) {
    case 'error':
      return failure.text;
    case 'late':
      return 'its iperf3 does not start';
    case 'ended':
      // timeout, as coreutils and busybox word it.
      return /iperf3.*No such file|iperf3.*not found/.test(failure.lastWords)
        ? 'its session has no iperf3'
        : failure.lastWords.replace(/^iperf3: /, '') || 'its iperf3 does not start';
  }
}
