/** Parses `ss -tnoH state syn-sent` (iproute2), which leaves the column of the state out. Pure. */

/** A connection that has not been answered yet. */
export interface WaitingSocket {
  /** As ss prints it: `198.18.1.5:40000`. */
  readonly local: string;
  readonly address: string;
  readonly port: number;
  /** How often its SYN was sent again; the first time is a second after the connection was begun. */
  readonly sentAgain: number;
}

export function parseWaitingSockets(stdout: string): WaitingSocket[] {
  return stdout.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [, , local, peer] = words[0] === 'SYN-SENT' ? words.slice(1) : words;
    const [, address, port] = /^\[?([0-9a-f.:]+?)(?:%[^\]]*)?\]?:(\d+)$/i.exec(peer ?? '') ?? [];
    const again = /\btimer:\(on,[^,]*,(\d+)\)/.exec(line)?.[1];
    return local === undefined || address === undefined
      ? []
      : [{ local, address, port: Number(port), sentAgain: Number(again ?? 0) }];
  });
}
