import { advice, verbatim } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
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
    'Docker isolates its bridge networks from each other: the host silently drops packets that come in through the bridge of one and would leave through that of another (chains DOCKER-ISOLATION-STAGE-1 and -2). DEST is an address on a network that the container is not on, or a port published for a container there while the userland proxy is off.',
  rule: 'A DEST was not reached, a rule of a chain whose name begins with DOCKER-ISOLATION certainly drops the connection on the host or counted packets during the run, and DEST does not identify a running container (that is NT-DKR-003); an address that no container has is NT-DKR-016.',
  source: 'Docker documentation, "Packet filtering and firewalls" (DOCKER-ISOLATION-STAGE-1 and -2)',
  remedy:
    'Attach the container to the network of DEST: docker network connect NETWORK CONTAINER. Use names: containers may get new addresses when they restart.',
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
        stop.destination === address
          ? address
          : `${socketAddress(address, port)} leads to ${stop.destination}, which`;
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
                  remediation: advice`Attach the container to that network, and use names: containers may get new addresses when they restart.\n${verbatim`docker network connect ${other} ${input.container}`}`,
                }),
          },
        ),
      ];
    }),
};
