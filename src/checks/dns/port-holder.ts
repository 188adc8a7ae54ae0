/** Who has port 53 of a name server's address, where that address is this machine's own. Pure. */

import type { Quote } from '../../model/report.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import type { Listener } from '../../parsers/listeners.ts';
import type { DnsFacts } from './facts.ts';

/** A name server that is this machine. */
export interface PortHolder {
  /** `10.89.0.1 is this machine's own address (br0)` */
  readonly whose: string;
  /** `port 53 there is held by dnsmasq (pid 812), which listens on 0.0.0.0`; or that nothing listens there. */
  readonly who: string;
  /** In the words of ss; `undefined`: nobody, or somebody whose name may not be read. */
  readonly program: string | undefined;
  readonly isHeld: boolean;
  readonly quote: Quote;
}

/** Those that know the names of containers: Docker's, and podman's (netavark). */
const ENGINES: readonly (string | undefined)[] = ['dockerd', 'aardvark-dns', 'rootlesskit', 'docker-proxy'];

/** `undefined`: the address is not known to be this machine's. */
export function portHolder(facts: DnsFacts, address: string): PortHolder | undefined {
  const { machine } = facts;
  if (machine === undefined) return undefined;
  const owner = machine.interfaces.find(({ addresses }) =>
    addresses.some((own) => sameAddress(own.address, address)),
  );
  // The same address may be somebody else's in another network: the target has to see this very interface.
  const isSeen = facts.reachable.some(
    (one) => sameAddress(one.address, address) && one.mac !== undefined && one.mac === owner?.mac,
  );
  const isLoopback = machine.isTarget && /^127\./.test(address);
  if (!isLoopback && (owner === undefined || !(machine.isTarget || isSeen))) return undefined;
  const holder = machine.listeners
    .filter((one) => one.port === 53 && one.protocol === 'udp' && serves(one, address))
    .sort((a, b) => Number(isWild(a)) - Number(isWild(b)))[0];
  const by = machine.isTarget ? 'an address of the target' : "this machine's own address";
  return {
    whose: `${address} is ${by} (${owner?.name ?? 'lo'})`,
    who: holder
      ? `port 53 there is held by ${holder.process ?? 'a program whose name may not be read'}${holder.pid === undefined ? '' : ` (pid ${holder.pid})`}, which listens on ${isWild(holder) ? 'all addresses' : holder.address}`
      : 'nothing there listens on UDP port 53',
    program: holder?.process,
    isHeld: holder !== undefined,
    quote: {
      command: machine.isTarget ? machine.result.command : ['(on this machine)', ...machine.result.command],
      excerpt: holder?.line ?? 'nothing listens on UDP port 53',
    },
  };
}

function isWild({ address }: Listener): boolean {
  return ['*', '0.0.0.0', '::'].includes(address);
}

function serves(listener: Listener, address: string): boolean {
  return listener.address === '*' ||
    (isWild(listener) && (listener.address === '::' || !address.includes(':')))
    ? true
    : sameAddress(listener.address, address);
}

/** Whether the program that has the port is one that knows names of containers. */
export function isEngines({ program }: PortHolder): boolean {
  return ENGINES.includes(program);
}
