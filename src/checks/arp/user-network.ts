/** Links of user-mode networks (libslirp's: slirp4netns, podman, QEMU), on which there are no other hosts. Pure. */
import { contains, type Prefix, parsePrefix } from '../../parsers/ip-prefix.ts';
import type { ArpFacts, Hop } from './facts.ts';

/** A link that a user-mode network makes: its own hosts are all that can be on it. */
export interface UserNetwork {
  /** One of them, and the MAC address by which it is known. */
  readonly host: { readonly address: string; readonly mac: string };
  /** The target's own address in it, and how long its prefix is: `10.0.2.100/24`. */
  readonly range: string;
}

/** libslirp makes the MAC addresses of its own hosts of this and their IPv4 addresses (special_ethaddr, src/slirp.c). */
const SLIRP = '52:55';

/** The one on which a hop should be; `undefined`: the link is of another kind, or that is not known. */
export function userNetwork(
  { neighbours, interfaces }: ArpFacts,
  { device, address }: Hop,
): UserNetwork | undefined {
  const asked = parsePrefix(address);
  if (asked?.family !== 'inet') return undefined;
  const host = neighbours?.find(
    (one) => one.device === device && one.mac !== undefined && one.mac === slirpMac(one.address),
  );
  const own = interfaces
    ?.find(({ name }) => name === device)
    ?.addresses.map((one) => `${one.address}/${one.prefixLength}`)
    .find((range) => isIn(range, asked));
  return host?.mac === undefined || own === undefined
    ? undefined
    : { host: { address: host.address, mac: host.mac }, range: own };
}

function isIn(range: string, address: Prefix): boolean {
  const prefix = parsePrefix(range);
  return prefix !== undefined && contains(prefix, address);
}

function slirpMac(address: string): string | undefined {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4) return undefined;
  return [SLIRP, ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
