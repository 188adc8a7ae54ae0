import { advice, verbatim } from '../../../model/advice.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerInput, DockerPeer } from '../facts.ts';
import { isolationOf, quoteStop } from '../passage.ts';
import { quoteNetworks, quotePeer } from '../quote.ts';

const meta = {
  id: 'NT-DKR-003',
  title: 'The two containers share no network',
  severities: ['critical'],
  meaning:
    'Containers reach each other on a network that both are attached to. Otherwise the name of one does not resolve in the other, and the chains DOCKER-ISOLATION-STAGE-1 and -2 on the host silently drop what is sent to its address. Compose gives each project its own network, so this is usual between two projects.',
  rule: 'A DEST is the name or the address of a running container of the same engine, and the engine lists no network that both share.',
  source:
    'Docker documentation, "Packet filtering and firewalls" (DOCKER-ISOLATION) and "Bridge network driver"',
  remedy:
    'Attach one to a network of the other: docker network connect NETWORK CONTAINER; in Compose, name the network as external. Or publish the port and use the address of the host.',
  explains: { depth: 130, subject: ALL_TRAFFIC },
} as const;

/** Those that a common network would make reachable. */
export function isApart({ networks, mode }: DockerInput, peer: DockerPeer): boolean {
  // What has no network of its own is where another one is.
  if (!peer.isRunning || peer.sharesWith !== undefined || mode === 'host' || mode.startsWith('container:'))
    return false;
  const own = new Set(networks.map(({ name }) => name));
  return !peer.networks.some((name) => own.has(name)) && !peer.networks.includes('host');
}

export const noSharedNetwork: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const { input } = facts;
    return input.peers
      .filter((peer) => isApart(input, peer))
      .map((peer) => {
        const stop = isolationOf(facts, peer.destination);
        const own = input.networks.map(({ name }) => name).join(', ') || 'none';
        const theirs = peer.networks.join(', ') || 'none';
        const effect =
          peer.by === 'name'
            ? 'its name does not resolve here'
            : 'the host drops what is sent from one to the other (DOCKER-ISOLATION)';
        const [network] = peer.networks;
        return occurrence(
          meta,
          'critical',
          `Container "${peer.container}" is on ${theirs} and "${input.container}" on ${own}: ${effect}.`,
          [quoteNetworks(input), quotePeer(peer), ...(stop ? [quoteStop(stop)] : [])],
          {
            subject: peer.destination,
            ...(network === undefined
              ? {}
              : {
                  remediation: advice`Attach one to a network of the other.\n${verbatim`docker network connect ${network} ${input.container}`}`,
                }),
          },
        );
      });
  },
};
