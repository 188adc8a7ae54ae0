/** Parses `ss -lntupH` (iproute2): who listens. Pure. */

/** A listening TCP socket, or a UDP socket that is bound. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** `*` and `0.0.0.0` and `::` stand for all addresses. */
  readonly address: string;
  readonly port: number;
  /** TCP: connections that wait to be accepted. UDP: bytes that wait to be read. */
  readonly waiting: number;
  /** TCP: how many may wait. */
  readonly limit: number;
  /** As ss names it, where it may know. */
  readonly process: string | undefined;
  readonly pid: number | undefined;
  readonly line: string;
}

export function parseListeners(stdout: string): Listener[] {
  return stdout.split('\n').flatMap((raw) => {
    const line = raw.trim().replace(/\s+/g, ' ');
    const [protocol, , waiting, limit, local = ''] = line.split(' ');
    const at = local.lastIndexOf(':');
    const port = Number(local.slice(at + 1));
    if ((protocol !== 'tcp' && protocol !== 'udp') || at < 0 || !Number.isInteger(port)) return [];
    return [
      {
        protocol,
        address: local
          .slice(0, at)
          .replace(/^\[|\](?=%|$)/g, '')
          .replace(/%.*$/, ''),
        port,
        waiting: Number(waiting),
        limit: Number(limit),
        pid: Number(/users:\(\("[^"]*",pid=(\d+)/.exec(line)?.[1]) || undefined,
        process: /users:\(\("([^"]+)"/.exec(line)?.[1],
        line,
      },
    ];
  });
}

/** Whether only the host itself can reach it. */
export function isLoopback({ address }: Listener): boolean {
  return /^127\./.test(address) || address === '::1' || /^::ffff:127\./i.test(address);
}
