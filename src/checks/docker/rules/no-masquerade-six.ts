import { advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
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
    'Containers on an IPv6 network send from their own addresses, to which nothing beyond the host has a route unless one was added there. Before version 27, Docker translates only IPv4 ("ip6tables" is off), and with gateway_mode_ipv6=routed it never translates IPv6: names resolve to AAAA and connections hang, while IPv4 works. Where the network has a part of the prefix that is on the host\'s own link, no route is missing: the router and the neighbours ask on the link who has the address of the container, and nobody answers unless the host does so as a proxy (NDP proxy).',
  rule: "An IPv6 DEST beyond the host did not answer, the container has an IPv6 address on a bridge network that is not internal, and no rule that such a packet passes in ip6tables' POSTROUTING chain (nat table) translates its source. The host does not answer for that address as a proxy either (ip -6 neigh show proxy, with proxy_ndp on); that a program does so (ndppd) is not seen.",
  source:
    'Docker documentation, "Use IPv6 networking" and "Bridge network driver" (gateway_mode_ipv6); RFC 4389; docker/for-linux#928',
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

/** The link by which the host sends there, where the prefix that is on it has the container's address in it. */
function linkOfPrefix(
  host: DockerHost,
  own: string,
  to: string,
): { device: string; prefix: string } | undefined {
  const way = wayTo(host, to);
  const address = parsePrefix(own);
  if (way === 'host' || !('is' in way) || address === undefined) return undefined;
  const device = host.interfaces.find(({ name }) => name === way.is);
  const on = device?.addresses.find((one) => {
    const prefix = parsePrefix(`${one.address}/${one.prefixLength}`);
    return one.scope === 'global' && prefix !== undefined && contains(prefix, address);
  });
  return device && on ? { device: device.name, prefix: `${on.address}/${on.prefixLength}` } : undefined;
}

function judge(facts: DockerFacts, tried: Tried): Occurrence[] {
  const { host } = facts;
  const source = sourceOf(facts, tried);
  if (!host || !source || !isSilent(tried)) return [];
  const { network, own } = source;
  if (isTranslated(host, network, own, tried.address) !== false) return [];
  if (host.proxied.some(({ address }) => address === own)) return [];
  const subnets = network.subnets.filter((subnet) => subnet.includes(':')).join(', ');
  const link = linkOfPrefix(host, own, tried.address);
  const why = link
    ? `and that is in the prefix of ${link.device} itself (${link.prefix}): who should answer asks on that link for its neighbour (NDP), and the host does not answer for it.`
    : 'and without a route back to that network no answer arrives.';
  return [
    occurrence(
      meta,
      'critical',
      `No rule of the Docker host translates the IPv6 addresses of network ${network.name} (${subnets}): what goes to ${socketAddress(tried.address, tried.port)} leaves with source ${own}, ${why}`,
      [
        onHost(
          engineCommand(host.books6),
          engineLines(host.books6, 'nat', / POSTROUTING |masquerade|snat/)
            .slice(0, 6)
            .join('\n') || 'no rule in POSTROUTING',
        ),
        ...(link
          ? [
              onHost(['ip', '-6', 'addr', 'show'], `${link.device} ${link.prefix}`),
              onHost(['ip', '-6', 'neigh', 'show', 'proxy'], `nothing of ${own}`),
            ]
          : []),
      ],
      {
        subject: tried.destination.label,
        remediation: link
          ? advice`Let the host answer for the container on that link, for each address, or for the whole range by ndppd:\n${verbatim`sysctl -w ${`net/ipv6/conf/${link.device}/proxy_ndp=1`}`}\n${verbatim`ip -6 neigh add proxy ${own} dev ${link.device}`}\nOr have a prefix of its own routed to this host, and use it for the network; or let Docker translate: "ip6tables": true in /etc/docker/daemon.json (before version 27 also "experimental": true).`
          : advice`Make Docker translate IPv6 too: set "ip6tables": true in /etc/docker/daemon.json (before version 27 also "experimental": true), and restart it. Or give the next router a route to ${subnets} via the host. If IPv6 is not needed, create the network without it.`,
      },
    ),
  ];
}

export const noMasqueradeSix: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.tried.flatMap((tried) => judge(facts, tried)),
};
