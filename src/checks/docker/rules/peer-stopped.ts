import { advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { quotePeer } from '../quote.ts';

const meta = {
  id: 'NT-DKR-005',
  title: 'The container that DEST names does not run',
  severities: ['critical'],
  meaning:
    'A container that has ended has no address, and the engine takes its name away from its name server: lookups say that there is no such name. A container that restarts again and again has a name only now and then, and often another address each time.',
  rule: 'A DEST is the name of a container of the same engine, and the engine says that it is not running.',
  source: 'Docker documentation, docker ps (container states)',
  remedy: 'See why it ended (docker logs CONTAINER), and start it: docker start CONTAINER.',
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
          `Container "${peer.container}" is not running, so its name does not resolve and nobody answers for it.`,
          [quotePeer(peer)],
          {
            subject: peer.destination,
            remediation: advice`See why it ended (docker logs ${peer.container}), and start it.\n${verbatim`docker start ${peer.container}`}`,
          },
        ),
      ),
};
