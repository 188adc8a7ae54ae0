import { socketAddress } from '../../../model/socket-address.ts';
import { contains, type Prefix, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { onHost } from '../passage.ts';
import { publishedText, servedBy } from '../published.ts';

const meta = {
  id: 'NT-DKR-021',
  title: 'IPv6 clients of a published port reach a container that has IPv4 alone',
  severities: ['info'],
  meaning:
    "The port is published on an IPv6 address too, and the container's network has no IPv6: docker-proxy on the host takes such connections, and makes one of its own by IPv4 for each. They work, more slowly, and the container sees the gateway of its network as their client: allow-lists, logs, rate limits and bans by address (fail2ban, a reverse proxy's X-Forwarded-For) take all of them for one, which has a private address.",
  rule: "On the engine's machine, a docker-proxy listens on an IPv6 address for a published port and leads to an IPv4 address, and an interface of the host has a global IPv6 address, by which others may come.",
  source: 'Docker documentation, "Use IPv6 networking" and "Port publishing and mapping" (userland-proxy)',
  remedy:
    'If the address of clients matters: give the network IPv6 (docker network create --ipv6; "enable_ipv6: true" in Compose), or publish on IPv4 alone (-p 0.0.0.0:80:80), and take the AAAA record of the host\'s name away.',
} as const;

export const byOtherFamily: Rule<DockerFacts> = {
  meta,
  judge: ({ host, input }) => {
    const { networks, published, container } = servedBy(input);
    const hasSix = networks.some(({ addresses }) => addresses.some((one) => one.includes(':')));
    const ranges = [...networks, ...input.others]
      .flatMap(({ subnets }) => subnets)
      .flatMap((one) => parsePrefix(one) ?? []);
    const isReached = host?.interfaces.some(({ addresses }) =>
      addresses.some(
        ({ family, scope, address }) =>
          family === 'inet6' && scope === 'global' && !isUnique(address) && !isIn(ranges, address),
      ),
    );
    if (hasSix || isReached !== true || input.proxies === undefined) return [];
    return published.flatMap((port) => {
      const proxy = input.proxies?.find(
        (one) =>
          port.hostAddress.includes(':') &&
          port.hostAddress !== '::1' &&
          one.hostAddress === port.hostAddress &&
          one.hostPort === port.hostPort &&
          one.protocol === port.protocol &&
          !one.containerAddress.includes(':'),
      );
      if (proxy === undefined) return [];
      const [network] = networks;
      return [
        occurrence(
          meta,
          'info',
          `Clients that come to ${publishedText(port)} by IPv6 are taken by docker-proxy, which asks "${container}" by IPv4: the container sees ${network?.gateway || 'the host'}${network === undefined ? '' : `, the gateway of network ${network.name},`} as the client of each.`,
          [
            onHost(
              ['ps', '-C', 'docker-proxy', '-o', 'args'],
              `docker-proxy ${socketAddress(proxy.hostAddress, proxy.hostPort)} -> ${socketAddress(proxy.containerAddress, proxy.containerPort)}`,
            ),
          ],
        ),
      ];
    });
  },
};

/** The address of a bridge is one of Docker's own networks. */
function isIn(ranges: readonly Prefix[], text: string): boolean {
  const address = parsePrefix(text);
  return address !== undefined && ranges.some((range) => contains(range, address));
}

/** Of a private network (RFC 4193), such as that of a bridge. */
function isUnique(address: string): boolean {
  return /^f[cd]/i.test(address);
}
