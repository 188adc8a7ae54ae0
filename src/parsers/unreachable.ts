/** What an ICMP "unreachable" message says, out of tcpdump's words (print-icmp.c, print-icmp6.c). Pure. */
import { parseTcpdumpIcmp } from './tcpdump-icmp.ts';

/** Why a packet came back. */
export type UnreachableKind =
  | 'net-unreachable'
  | 'host-unreachable'
  | 'protocol-unreachable'
  | 'port-unreachable'
  | 'prohibited'
  | 'fragmentation-needed'
  | 'other';

/** One message. */
export interface Unreachable {
  readonly sender: string;
  /** Where the packet that caused it was going. */
  readonly about: string;
  /** Its port and protocol, where the message tells them. */
  readonly port: number | undefined;
  readonly protocol: 'tcp' | 'udp' | 'other' | undefined;
  readonly kind: UnreachableKind;
  /** As tcpdump prints it; absent where the probe's own socket was told. */
  readonly line?: string;
}

/** Destination unreachable of ICMP (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1), by code. */
const CODES: Readonly<Record<number, UnreachableKind>> = {
  0: 'net-unreachable',
  1: 'host-unreachable',
  2: 'protocol-unreachable',
  3: 'port-unreachable',
  4: 'fragmentation-needed',
  6: 'net-unreachable',
  7: 'host-unreachable',
  9: 'prohibited',
  10: 'prohibited',
  11: 'net-unreachable',
  12: 'host-unreachable',
  13: 'prohibited',
};

/** The same of ICMPv6 (RFC 4443, 3.1). */
const CODES_6: Readonly<Record<number, UnreachableKind>> = {
  0: 'net-unreachable',
  1: 'prohibited',
  3: 'host-unreachable',
  4: 'port-unreachable',
};

/** What an ICMP error says by its numbers; `undefined`: it is another message than "unreachable". */
export function unreachableKind(type: number, code: number, isV6: boolean): UnreachableKind | undefined {
  if (type !== (isV6 ? 1 : 3)) return undefined;
  return (isV6 ? CODES_6 : CODES)[code] ?? 'other';
}

/** Repeats of one message are left out. */
export function parseUnreachables(stdout: string): Unreachable[] {
  const messages = new Map<string, Unreachable>();
  for (const { sender, destination, text, line } of parseTcpdumpIcmp(stdout)) {
    if (destination === undefined || messages.has(`${sender} ${text}`)) continue;
    const port = /\b(?:tcp|udp) port (\S+)/i.exec(text)?.[1];
    const number = Number(port);
    messages.set(`${sender} ${text}`, {
      sender,
      about: destination,
      port: Number.isInteger(number) ? number : undefined,
      protocol: protocolOf(text),
      kind: kindOf(text),
      line,
    });
  }
  return [...messages.values()];
}

/** Of others than TCP and UDP tcpdump prints the number: an echo request to a Service's address is `protocol 1 port 29886`. */
function protocolOf(text: string): Unreachable['protocol'] {
  const [, name, number] = /\b(tcp|udp) port |\bprotocol (\d+) /i.exec(text) ?? [];
  if (name !== undefined) return name.toLowerCase() === 'tcp' ? 'tcp' : 'udp';
  if (number === undefined) return undefined;
  return number === '6' ? 'tcp' : number === '17' ? 'udp' : 'other';
}

function kindOf(text: string): UnreachableKind {
  if (/prohibited/.test(text)) return 'prohibited';
  if (/need to frag/.test(text)) return 'fragmentation-needed';
  if (/(tcp|udp|protocol \d+) port \S+ unreachable|unreachable port/i.test(text)) return 'port-unreachable';
  if (/protocol \d+ /.test(text)) return 'protocol-unreachable';
  if (/^net |unreachable route/.test(text)) return 'net-unreachable';
  if (/^host |unreachable address/.test(text)) return 'host-unreachable';
  return 'other';
}
