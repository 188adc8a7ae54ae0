/** Parses `ss -lntumH` (iproute2): what each listening TCP socket and each bound UDP socket has dropped. Pure. */

/** One socket. */
export interface SocketDrops {
  readonly protocol: 'tcp' | 'udp';
  /** Address and port, as ss prints them. */
  readonly local: string;
  readonly port: number;
  /** Connection attempts or datagrams over the socket's life (kernel: sk_drops). */
  readonly dropped: number;
  /** The line that names the socket and the one with its memory. */
  readonly lines: string;
}

/** Each socket is a line, and its memory follows on an indented one. Sockets that share an address are one. */
export function parseSocketDrops(stdout: string): SocketDrops[] {
  const lines = stdout.split('\n');
  const sockets = new Map<string, SocketDrops>();
  lines.forEach((line, i) => {
    const words = line.trim().split(/\s+/);
    const [protocol] = words;
    const local = words.find((word, at) => at > 0 && /:\d+$/.test(word));
    const memory = /^\s/.test(lines[i + 1] ?? '') ? (lines[i + 1] ?? '').trim() : '';
    const dropped = /\bskmem:\([^)]*\bd(\d+)\)/.exec(memory)?.[1];
    if ((protocol !== 'tcp' && protocol !== 'udp') || local === undefined || dropped === undefined) return;
    const same = sockets.get(`${protocol} ${local}`);
    const text = `${words.join(' ')}\n${memory}`;
    sockets.set(`${protocol} ${local}`, {
      protocol,
      local,
      port: Number(local.slice(local.lastIndexOf(':') + 1)),
      dropped: Number(dropped) + (same?.dropped ?? 0),
      lines: same === undefined ? text : `${same.lines}\n${text}`,
    });
  });
  return [...sockets.values()];
}
