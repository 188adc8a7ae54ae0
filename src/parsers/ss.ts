/** Parses `ss -tinH` (iproute2), which has no JSON. Pure. */

/** A TCP socket's own measurements (kernel: struct tcp_info). Times in milliseconds. */
export interface TcpSocket {
  readonly state: string;
  readonly local: string;
  readonly peer: string;
  readonly rtt: number | undefined;
  readonly minRtt: number | undefined;
  /** Segments sent again over the socket's life. */
  readonly retransmits: number;
  /** Segments sent again that are on their way now; 0 after a local firewall has refused to send one again. */
  readonly retransmitsInFlight: number;
  /** How often the retransmission time-out has doubled since something was acknowledged. */
  readonly backoff: number;
  /** Bytes that the other side has acknowledged over the socket's life; the handshake counts one. */
  readonly acknowledged: number;
  /** Bytes that wait in the send queue. */
  readonly sendQueue: number;
}

/** Each socket is a line, and the kernel's measurements follow it on an indented one. */
export function parseSs(stdout: string): TcpSocket[] {
  const sockets: TcpSocket[] = [];
  let head: string[] | undefined;
  for (const line of stdout.split('\n')) {
    if (line.trim() === '') continue;
    if (!/^\s/.test(line)) {
      head = line.trim().split(/\s+/);
      continue;
    }
    const [state, , sendQueue, local, peer] = head ?? [];
    if (state === undefined || local === undefined || peer === undefined) continue;
    const rtt = /\brtt:([\d.]+)\//.exec(line)?.[1];
    const minRtt = /\bminrtt:([\d.]+)/.exec(line)?.[1];
    const retransmits = /\bretrans:(\d+)\/(\d+)/.exec(line);
    const backoff = /\bbackoff:(\d+)/.exec(line)?.[1];
    sockets.push({
      state,
      local,
      peer,
      rtt: rtt === undefined ? undefined : Number(rtt),
      minRtt: minRtt === undefined ? undefined : Number(minRtt),
      retransmits: Number(retransmits?.[2] ?? 0),
      retransmitsInFlight: Number(retransmits?.[1] ?? 0),
      backoff: Number(backoff ?? 0),
      acknowledged: Number(/\bbytes_acked:(\d+)/.exec(line)?.[1] ?? 0),
      sendQueue: Number(sendQueue),
    });
    head = undefined;
  }
  return sockets;
}
