import { advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quotePeer } from '../quote.ts';

const meta = {
  id: 'NT-DKR-005',
  title: 'The container that DEST names is not running',
  severities: ['critical'],
  meaning:
    'A stopped container has no address, and the engine removes its name from its name server: lookups say that the name does not exist. A container that keeps restarting has a name only at times, and often another address each time.',
  rule: 'A DEST is the name of a container of the same engine, and the engine says that it is not running.',
  source: 'Docker documentation, docker ps (container states)',
  remedy: 'Find out why it stopped (docker logs CONTAINER), and start it: docker start CONTAINER.',
  explains: { depth: 150, subject: ALL_TRAFFIC },
} as const;

export const peerStopped: Rule<DockerFacts> = {
  meta,
  judge: ({ input: { peers } }) =>
    peers
      .filter((peer) => peer.by === 'name' && !peer.isRunning)
      .map((peer) =>
        occurrence(
          meta,
          'critical',
          `Container "${peer.container}" is not running, so its name does not resolve and nothing answers for it.`,
          [quotePeer(peer)],
          {
            subject: peer.destination,
            remediation: advice`Find out why it stopped (docker logs ${peer.container}), and start it.\n${verbatim`docker start ${peer.container}`}`,
          },
        ),
      ),
};
