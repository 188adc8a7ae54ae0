/** This machine's own network, where a namespace or a container has its name server at an address of the machine. */
import type { Places } from '../../model/place.ts';
import type { DnsInput } from './facts.ts';
import { MACHINE } from './plan.ts';

/** Begins the ids of the machine's results in the evidence of the check. */
export const BESIDE = 'machine-';

export default {
  plan: ({ machine }) =>
    machine === 'beside'
      ? [
          {
            id: 'machine',
            label: 'this machine',
            where: { kind: 'machine' },
            after: { phases: [MACHINE] },
          },
        ]
      : [],
  // That it could not be looked at loses nothing that the check says of the target.
  join: (input, results) => ({
    input,
    evidence: Object.fromEntries(
      results.flatMap(({ evidence }) =>
        Object.entries(evidence).map(([id, result]) => [BESIDE + id, { ...result, id: BESIDE + id }]),
      ),
    ),
  }),
} satisfies Places<DnsInput>;
