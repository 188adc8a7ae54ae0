import { advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { isIn, isolationOf, linkTo, quoteStop, stopText } from '../passage.ts';
import { isApart } from './no-shared-network.ts';
import { emptyPlace } from './nobody-there.ts';

const meta = {
  id: 'NT-DKR-010',
  title: 'The host keeps the two networks apart',
  severities: ['critical'],
  meaning:
    'Docker isolates its bridge networks from each other: the host drops what comes in through the bridge of one and would go out through that of another (chains DOCKER-ISOLATION-STAGE-1 and -2), without an answer. DEST is an address in another network than those of the container, or a port that is published for one there where the userland proxy is off.',
  rule: 'A DEST was not reached, a rule of a chain whose name begins with DOCKER-ISOLATION certainly drops the connection on the host or counted packets during the run, and no container that runs is known by that DEST (that is NT-DKR-003); an address that no container has is NT-DKR-016.',
  source: 'Docker documentation, "Packet filtering and firewalls" (DOCKER-ISOLATION-STAGE-1 and -2)',
  remedy:
    'Attach the container to the network that DEST is in: docker network connect NETWORK CONTAINER. Addresses of containers change when they are started anew: use their names.',
  explains: { depth: 240, subject: ALL_TRAFFIC },
} as const;

export const isolated: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    facts.tried.flatMap((tried) => {
      const { label } = tried.destination;
      const { input } = facts;
      const stop = isolationOf(facts, label);
      if (emptyPlace(facts, tried) !== undefined) return [];
      if (!stop || input.peers.some((peer) => peer.destination === label && isApart(input, peer))) return [];
      const { address, port } = tried;
      const place =
        stop.destination === address ? address : `${address}:${port} leads to ${stop.destination}, which`;
      const own = linkTo(facts, tried)?.network.name;
      const other = input.others.find(({ subnets }) => isIn(subnets, stop.destination))?.name;
      return [
        occurrence(
          meta,
          'critical',
          `${place} is on ${other === undefined ? 'another network' : `network ${other}`} and "${input.container}" on ${own}, and the host keeps the two apart: ${stopText(stop)}.`,
          [quoteStop(stop)],
          {
            subject: label,
            ...(other === undefined
              ? {}
              : {
                  remediation: advice`Attach the container to that network, and use names: addresses of containers change when they are started anew.\n${verbatim`docker network connect ${other} ${input.container}`}`,
                }),
          },
        ),
      ];
    }),
};
