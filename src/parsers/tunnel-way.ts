/** Parses what the docker check finds of the way between the hosts of an overlay. Pure. */

/** Echo requests that may not be fragmented; sizes in bytes of the whole IP packet. */
export interface TunnelWay {
  /** The largest that was answered; absent: none of those that were tried. */
  readonly carries?: number;
  /** Those that were not, largest first. */
  readonly lost: readonly number[];
  /** What the first router, or the host itself, said about the first of them: `From 192.0.2.1 … (mtu = 1400)`. */
  readonly told?: string;
  /** The size that it named. */
  readonly toldMtu?: number;
}

/** `no-answer`: not even small ones are answered. `undefined`: it was ended before it had found anything. */
export function parseTunnelWay(stdout: string): TunnelWay | 'no-ping' | 'no-answer' | undefined {
  const [word] = stdout.trim().split('\n');
  if (word === 'no-answer' || word === 'no-ping') return word;
  const carries = /^carries (\d{1,5})$/m.exec(stdout)?.[1];
  const lost = Array.from(stdout.matchAll(/^lost (\d{1,5})$/gm), ([, size]) => Number(size));
  if (carries === undefined && lost.length === 0) return undefined;
  const told = /^icmp (.{1,200})$/m.exec(stdout)?.[1];
  const mtu = /mtu *= *(\d{1,5})/.exec(told ?? '')?.[1];
  return {
    lost,
    ...(carries === undefined ? {} : { carries: Number(carries) }),
    ...(told === undefined ? {} : { told }),
    ...(mtu === undefined ? {} : { toldMtu: Number(mtu) }),
  };
}
