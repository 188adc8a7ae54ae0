import { advice, nettools, TARGET, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';

const meta = {
  id: 'NT-DKR-026',
  title: "DEST names a container that lives in another one's network",
  severities: ['critical'],
  meaning:
    'A container with --network container:OTHER (in Compose, network_mode: "service:OTHER") has no address and no name of its own: its ports are those of the other, under the name of the other.',
  rule: 'A DEST is the name of a running container whose network mode names another container, and was not reached or does not resolve.',
  source: 'docker run reference, "Network settings" (container:NAME)',
  remedy: 'Use the name of the other container, with the port of this one.',
  explains: { depth: 128, subject: ALL_TRAFFIC },
} as const;

export const noOwnName: Rule<DockerFacts> = {
  meta,
  judge: ({ input, tried }) =>
    input.peers.flatMap((peer) => {
      const { sharesWith } = peer;
      const one = tried.find(({ destination }) => destination.label === peer.destination);
      if (sharesWith === undefined || !peer.isRunning || peer.by !== 'name' || one?.reach.value !== undefined)
        return [];
      const isLeft = peer.leftBehind?.includes(peer.container) === true;
      const left = `, once it is restarted: "${sharesWith}" was started anew since, and it was left in the network namespace of before`;
      const port = one?.destination.anyPort === false ? `:${one.destination.port}` : '';
      return [
        occurrence(
          meta,
          'critical',
          `Container "${peer.container}" shares the network of "${sharesWith}" and has no name of its own: what it serves is at ${sharesWith}${port}${isLeft ? left : ''}.`,
          [
            {
              command: ['docker', 'inspect', '--format', '{{.HostConfig.NetworkMode}}', peer.container],
              excerpt: `container:… ("${sharesWith}")`,
            },
          ],
          {
            subject: peer.destination,
            remediation: isLeft
              ? advice`Restart it, and use that name.\n${verbatim`docker restart ${peer.container}`}`
              : advice`Use that name.\n${nettools`diagnose ${TARGET} --to ${`${sharesWith}${port}`}`}`,
          },
        ),
      ];
    }),
};
