/** Parses ICMP errors as tcpdump prints them: who says that a packet did not arrive, and about which. Pure. */

/** One message. */
export interface SeenIcmpError {
  readonly sender: string;
  /** Where the packet was going, when the message says it. */
  readonly destination: string | undefined;
  /** The tool's words: `198.51.100.7 udp port 53 unreachable`. */
  readonly text: string;
  readonly line: string;
}

const LINE = /\bIP6? (\S+) > \S+: ICMP6?,? (.*?)(?:, length \d+)?$/;

/** Messages of other kinds, echo requests say, are left out. */
export function parseTcpdumpIcmp(stdout: string): SeenIcmpError[] {
  return stdout.split('\n').flatMap((line) => {
    const [, sender = '', text = ''] = LINE.exec(line) ?? [];
    if (!/unreachable|prohibited/.test(text)) return [];
    const words = text.replace(/^destination unreachable,\s+unreachable \w+,?\s+/, '');
    const destination = /^(?:host |net )?([0-9a-f]*[.:][0-9a-f.:]*)/i.exec(words)?.[1];
    return [{ sender, destination, text, line: line.trim() }];
  });
}
