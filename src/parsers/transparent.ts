/** Parses `ss -lntuH --inet-sockopt` (iproute2 5.10): who listens, and who may take connections to any address. Pure. */
import { parseListeners } from './listeners.ts';

export interface TransparentListener {
  readonly protocol: 'tcp' | 'udp';
  /** Of the socket: one of `inet6` may take IPv4 too. */
  readonly family: 'inet' | 'inet6';
  readonly port: number;
  /** It has IP_TRANSPARENT (ip(7)). */
  readonly isTransparent: boolean;
}

export function parseTransparent(stdout: string): TransparentListener[] {
  return stdout.split(/\n(?=\S)/).flatMap((block) => {
    const [line = ''] = block.split('\n');
    const options = /inet-sockopt: \(([^)]*)\)/.exec(block)?.[1] ?? '';
    const isTransparent = options.trim().split(/\s+/).includes('transparent');
    return parseListeners(line).map(({ protocol, address, port }) => ({
      protocol,
      family: address.includes(':') || address === '*' ? 'inet6' : 'inet',
      port,
      isTransparent,
    }));
  });
}
