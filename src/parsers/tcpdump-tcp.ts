/** Parses TCP segments as `tcpdump -nn -S -tt -i any` prints them (tcpdump 4.99, LINUX_SLL2). Pure. */

/** One segment at one interface. */
export interface SeenSegment {
  readonly device: string;
  /** It was on its way out of the interface. */
  readonly outgoing: boolean;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** tcpdump's letters: `S`, `S.`, `R`, `R.`. */
  readonly flags: string;
  /** Absolute; absent where tcpdump prints none. */
  readonly sequence: number | undefined;
  readonly acknowledged: number | undefined;
  readonly line: string;
}

const LINE =
  /^\d+\.\d+ (\S+) +(In|Out|B|M|P) +IP6? (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[([^\]]+)\](?:, seq (\d+))?(?:, ack (\d+))?/;

/** Lines of other kinds are left out. */
export function parseSegments(stdout: string): SeenSegment[] {
  return stdout.split('\n').flatMap((line) => {
    const fields = LINE.exec(line);
    if (!fields) return [];
    const [, device = '', way, source = '', sport, destination = '', dport, flags = '', seq, ack] = fields;
    return [
      {
        device,
        outgoing: way === 'Out',
        source,
        sourcePort: Number(sport),
        destination,
        destinationPort: Number(dport),
        flags,
        sequence: seq === undefined ? undefined : Number(seq),
        acknowledged: ack === undefined ? undefined : Number(ack),
        line: line.trim(),
      },
    ];
  });
}
