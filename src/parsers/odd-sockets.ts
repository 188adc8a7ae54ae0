/** Parses the output of src/probes/odd-sockets.sh: lines of `ss -tinoH` (iproute2). Pure. */

/** One end of a connection. */
export interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

/** A TCP socket of which something is to be told. Times in milliseconds. */
export interface OddSocket {
  readonly state: string;
  readonly local: SocketEnd;
  readonly peer: SocketEnd;
  /** How often what it waits for was sent again; 0: nothing, or no such timer runs. */
  readonly sentAgain: number;
  /** Bytes that wait in the send queue. */
  readonly sendQueue: number;
  /** Since data was last sent, received, and since anything was last acknowledged; absent of a handshake. */
  readonly since?: { readonly sent: number; readonly received: number; readonly acknowledged: number };
  /** The line of the socket. */
  readonly line: string;
}

/** A text: why there is nothing to read. */
export function parseOddSockets(stdout: string): OddSocket[] | string {
  const missing = /^no (\S+)$/m.exec(stdout)?.[1];
  if (missing !== undefined) return `there is no ${missing}`;
  const sockets: OddSocket[] = [];
  for (const line of stdout.split('\n')) {
    const last = sockets.at(-1);
    if (/^\s/.test(line) && last !== undefined) sockets.splice(-1, 1, { ...last, ...sinceOf(line) });
    else sockets.push(...socketOf(line));
  }
  return sockets;
}

function socketOf(line: string): OddSocket[] {
  const [state, , sendQueue, from, to] = line.trim().split(/\s+/);
  const local = endOf(from);
  const peer = endOf(to);
  if (state === undefined || local === undefined || peer === undefined) return [];
  const again = /\btimer:\(on,[^,]*,(\d+)\)/.exec(line)?.[1];
  return [
    { state, local, peer, sentAgain: Number(again ?? 0), sendQueue: Number(sendQueue), line: line.trim() },
  ];
}

function endOf(text: string | undefined): SocketEnd | undefined {
  // An IPv4 client of a socket for both families is an IPv4 client.
  const [, address, port] = /^\[?(?:::ffff:)?([0-9a-f.:]+?)(?:%[^\]:]*)?\]?:(\d+)$/i.exec(text ?? '') ?? [];
  return address === undefined ? undefined : { address, port: Number(port) };
}

function sinceOf(line: string): Pick<OddSocket, 'since'> {
  const field = (name: string): number => Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0);
  return {
    since: { sent: field('lastsnd'), received: field('lastrcv'), acknowledged: field('lastack') },
  };
}
