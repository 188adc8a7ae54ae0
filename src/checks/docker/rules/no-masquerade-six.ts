import { advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { walk } from '../../shared/walk.ts';
import type { DockerFacts, DockerHost, DockerNetwork, Tried } from '../facts.ts';
import { bridgeOf, engineCommand, engineLines, wayTo } from '../host.ts';
import { isIn, isReached, onHost } from '../passage.ts';

const meta = {
  id: 'NT-DKR-018',
  title: "The Docker host does not translate the network's IPv6 addresses",
  severities: ['critical'],
  meaning:
    'Containers on an IPv6 network send from their own addresses, to which nothing beyond the host has a route unless one was added there. Before version 27, Docker translates only IPv4 ("ip6tables" is off), and with gateway_mode_ipv6=routed it never translates IPv6: names resolve to AAAA and connections hang, while IPv4 works.',
  rule: "An IPv6 DEST beyond the host did not answer, the container has an IPv6 address on a bridge network that is not internal, and no rule that such a packet passes in ip6tables' POSTROUTING chain (nat table) translates its source.",
  source: 'Docker documentation, "Use IPv6 networking" and "Bridge network driver" (gateway_mode_ipv6)',
  remedy:
    'Make Docker translate IPv6 too: set "ip6tables": true in /etc/docker/daemon.json (before version 27 also "experimental": true), and restart it. Or give the next router a route to the network via the host. If IPv6 is not needed, create the network without it.',
  explains: { depth: 235, subject: ALL_TRAFFIC },
} as const;

/** Nobody answered: an error or a refusal came back, and so do answers. */
function isSilent(tried: Tried): boolean {
  const last = tried.reach.value?.tries.at(-1);
  if (last === undefined || isReached(tried)) return false;
  return last.outcome !== 'failed' || /timed out/i.test(last.error ?? '');
}

/** The target's address of IPv6 on a network by which it sends there. */
function sourceOf(
  { input }: DockerFacts,
  { address }: Tried,
): { network: DockerNetwork; own: string } | undefined {
  const all = [...input.networks, ...input.others];
  if (!address.includes(':') || all.some(({ subnets }) => isIn(subnets, address))) return undefined;
  return input.networks
    .filter(({ driver, internal }) => driver === 'bridge' && !internal)
    .flatMap((network) => {
      const own = network.addresses.find((one) => one.includes(':'));
      return own === undefined ? [] : [{ network, own }];
    })[0];
}

/** `undefined`: the rules of IPv6 could not be read. */
function isTranslated(
  host: DockerHost,
  network: DockerNetwork,
  own: string,
  to: string,
): boolean | undefined {
  const way = wayTo(host, to);
  const bridge = bridgeOf(host, network);
  if (host.books6.length === 0 || way === 'host' || bridge === undefined) return undefined;
  const packet = { source: own, destination: to, in: { is: bridge }, out: way };
  return host.books6.some(({ tables }) =>
    walk(tables, 'nat', 'POSTROUTING', packet).some(
      ({ verdict }) => verdict === 'translate' || verdict === 'other',
    ),
  );
}

function judge(facts: DockerFacts, tried: Tried): Occurrence[] {
  const { host } = facts;
  const source = sourceOf(facts, tried);
  if (!host || !source || !isSilent(tried)) return [];
  const { network, own } = source;
  if (isTranslated(host, network, own, tried.address) !== false) return [];
  const subnets = network.subnets.filter((subnet) => subnet.includes(':')).join(', ');
  return [
    occurrence(
      meta,
      'critical',
      `No rule of the Docker host translates the IPv6 addresses of network ${network.name} (${subnets}): what goes to ${socketAddress(tried.address, tried.port)} leaves with source ${own}, and without a route back to that network no answer arrives.`,
      [
        onHost(
          engineCommand(host.books6),
          engineLines(host.books6, 'nat', / POSTROUTING |masquerade|snat/)
            .slice(0, 6)
            .join('\n') || 'no rule in POSTROUTING',
        ),
      ],
      {
        subject: tried.destination.label,
        remediation: advice`Make Docker translate IPv6 too: set "ip6tables": true in /etc/docker/daemon.json (before version 27 also "experimental": true), and restart it. Or give the next router a route to ${subnets} via the host. If IPv6 is not needed, create the network without it.`,
      },
    ),
  ];
}

export const noMasqueradeSix: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.tried.flatMap((tried) => judge(facts, tried)),
};
