/** This machine's own network, through which what a namespace of it sends goes out: its rules stop packets too. */
import type { Places } from '../../model/place.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { FirewallInput } from './facts.ts';
import { BESIDE } from './machine.ts';

export default {
  plan: ({ isBeside }) =>
    isBeside === true
      ? [
          {
            id: 'machine',
            label: 'this machine',
            where: { kind: 'machine' },
            before: {
              phases: [
                [
                  snapshot('nft', 'nft-before'),
                  snapshot('iptables', 'iptables-before'),
                  snapshot('iptablesLegacy', 'legacy-before'),
                ],
              ],
            },
            after: {
              phases: [
                [
                  snapshot('nft', 'nft-after'),
                  snapshot('iptables', 'iptables-after'),
                  snapshot('iptablesLegacy', 'legacy-after'),
                  snapshot('addresses'),
                  snapshot('routes'),
                ],
              ],
            },
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
} satisfies Places<FirewallInput>;
