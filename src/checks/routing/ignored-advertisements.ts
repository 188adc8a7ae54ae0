/** Why a host whose default IPv6 route comes from router advertisements has none. Pure. */
import type { Quote } from '../../model/report.ts';
import { linesOf } from '../shared/quote.ts';
import type { RoutingFacts } from './facts.ts';

/** An interface that has an address of its link's routers or DHCP server, and takes no default route of theirs. */
export interface IgnoredAdvertisements {
  readonly device: string;
  /** What the kernel has for it; not 0. */
  readonly forwarding: number;
  readonly evidence: readonly Quote[];
}

/**
 * The kernel forgets the default routes of an interface's advertisements when it begins to forward there, and takes no more
 * of them unless accept_ra is 2 (Documentation/networking/ip-sysctl.rst; addrconf_forward_change in net/ipv6/addrconf.c).
 * Addresses stay until their lifetime ends: one that has a lifetime shows that the link has who gives them out. Where
 * accept_ra is 0, somebody else is in charge of them (systemd-networkd, NetworkManager, a network plugin).
 */
export function ignoredAdvertisements({
  interfaces,
  advertisements,
  results,
}: RoutingFacts): IgnoredAdvertisements | undefined {
  const device = interfaces?.find(({ name, flags, addresses }) => {
    const settings = advertisements?.get(name);
    return (
      settings?.acceptRa === 1 &&
      settings.forwarding !== 0 &&
      flags.includes('UP') &&
      addresses.some(({ family, scope, isLeased }) => family === 'inet6' && scope === 'global' && isLeased)
    );
  })?.name;
  if (device === undefined) return undefined;
  const lines = linesOf(results.rpFilter).filter((line) =>
    line.startsWith(`/proc/sys/net/ipv6/conf/${device}/`),
  );
  const forwarding = advertisements?.get(device)?.forwarding ?? 1;
  return {
    device,
    forwarding,
    evidence: [{ command: results.rpFilter?.command ?? [], excerpt: lines.join('\n') }],
  };
}
