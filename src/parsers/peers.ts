/** Parses `ss -tnH state established` (iproute2): the ends of connections. Pure. */

/** One connection. Addresses without brackets and without the name of an interface. */
export interface Peer {
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
}

/** With a state named, ss leaves out its column: queues, the local end, the peer. */
export function parsePeers(stdout: string): Peer[] {
  return stdout.split('\n').flatMap((line) => {
    const [, , local = '', peer = ''] = line.trim().split(/\s+/);
    const [here, there] = [endOf(local), endOf(peer)];
    if (here === undefined || there === undefined) return [];
    return [{ localPort: here.port, ...there }];
  });
}

function endOf(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, address = '', port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (port === undefined) return undefined;
  const bare = address
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/^::ffff:(?=\d+\.)/i, '');
  return { address: bare, port: Number(port) };
}
