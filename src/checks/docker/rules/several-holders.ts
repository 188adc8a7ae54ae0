import { advice, nettools } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { outcomeText, quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, TriedHolder } from '../facts.ts';

const meta = {
  id: 'NT-DKR-025',
  title: 'One name stands for several containers, and not all of them serve',
  severities: ['critical', 'info'],
  meaning:
    "Containers of one network may have the same name there: an alias (--network-alias), or the name of a Compose service, of which another project on a shared network may have one too. Docker's name server gives the addresses of all of them, in changing order, and programs take the first: a share of the connections goes to the wrong container. If the name is known on two networks of the client, its name server takes that of one network, and the choice may change when a container is attached anew.",
  rule: 'The engine has more than one address for the name of a DEST on the networks of the container; each (at most 4) was tried by TCP, and at least one took the connection and one did not (critical). An info where all take it, and they are not replicas of one Compose service and not of one image.',
  source: 'Docker documentation, docker network connect --alias; moby, libnetwork (resolver)',
  remedy:
    'See who has the name: docker network inspect NETWORK lists the containers, docker inspect CONTAINER their aliases. Give the name to one of them, or use the name of the container itself. In Compose, names of services are shared with every project on the same external network: choose names that differ there.',
  explains: { depth: 155, subject: [...ALL_TRAFFIC, 'NT-SOCK-001', 'NT-HTTP'] },
} as const;

function isTaken({ reach }: TriedHolder): boolean {
  const last = reach.value?.tries.at(-1);
  return last?.outcome === 'connected' && last.ended === undefined;
}

function placeOf({ holder: { container, address, network } }: TriedHolder, withNetwork: boolean): string {
  return `"${container}" (${address}${withNetwork ? ` on ${network}` : ''})`;
}

function judge(all: readonly TriedHolder[]): Occurrence[] {
  const tried = all.filter(({ reach }) => reach.value !== undefined);
  const [first] = tried;
  if (!first || tried.length < 2) return [];
  const name = first.destination.label;
  const networks = new Set(tried.map(({ holder }) => holder.network));
  const several = networks.size > 1;
  const serving = tried.filter(isTaken);
  const failing = tried.filter((one) => !isTaken(one));
  const containers = new Set(tried.map(({ holder }) => holder.container)).size;
  const who = containers === 1 ? `${tried.length} addresses of one container` : `${containers} containers`;
  const order = several
    ? 'which of them a program gets depends on the order of its networks'
    : 'a program gets now one of them, now another';
  const evidence = tried.flatMap(({ result }) => quoteTries(result, 2));
  if (serving.length > 0 && failing.length > 0) {
    const fails = failing.map(
      (one) => `${placeOf(one, several)} does not: ${one.reach.value ? outcomeText(one.reach.value) : '?'}`,
    );
    const [bad] = failing;
    return [
      occurrence(
        meta,
        'critical',
        `${name} stands for ${who}: ${serving.map((one) => placeOf(one, several)).join(' and ')} ${serving.length === 1 ? 'takes' : 'take'} connections, and ${fails.join('; ')}. ${order.replace(/^./, (c) => c.toUpperCase())}.`,
        evidence,
        {
          subject: name,
          remediation: advice`If "${bad?.holder.container ?? ''}" is meant too, see what it listens on. If not, take the name from it (docker inspect shows its aliases), or use the name of the other container.\n${nettools`sockets docker://${bad?.holder.container ?? ''}`}`,
        },
      ),
    ];
  }
  const kinds = new Set(tried.map(({ holder }) => holder.kind));
  if (failing.length > 0 || kinds.size < 2 || containers < 2) return [];
  return [
    occurrence(
      meta,
      'info',
      `${name} stands for ${who} that were made from different things: ${tried.map((one) => `${placeOf(one, several)} from ${one.holder.kind}`).join(' and ')}. All take connections; ${order}.`,
      evidence,
      { subject: name },
    ),
  ];
}

export const severalHolders: Rule<DockerFacts> = {
  meta,
  judge: ({ holders }) => {
    const labels = [...new Set(holders.map(({ holder }) => holder.destination))];
    return labels.flatMap((label) => judge(holders.filter(({ holder }) => holder.destination === label)));
  },
};
