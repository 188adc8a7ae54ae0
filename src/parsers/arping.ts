/** Parses the output of `arping` (iputils, busybox, Habets) and of src/probes/duplicates.sh. Pure. */
import type { Reason } from '../model/reason.ts';

/** Who answered to an ARP request. */
export interface ArpAnswers {
  /** Each MAC address once, in lower case, in order of its first answer. */
  readonly macs: readonly string[];
  /** Why nothing could be asked; `undefined`: it was asked. */
  readonly skipped: Reason | undefined;
}

const REPLIES = [
  /reply from \S+ \[([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})\]/i,
  /^\d+ bytes from ([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}) \(/i,
];

export function parseArping(text: string): ArpAnswers {
  const lines = text.split('\n');
  const macs = lines.flatMap((line) =>
    REPLIES.flatMap((reply) => reply.exec(line)?.[1]?.toLowerCase() ?? []),
  );
  if (macs.length > 0) return { macs: [...new Set(macs)], skipped: undefined };
  return { macs: [], skipped: skipReason(text) };
}

function skipReason(text: string): Reason | undefined {
  if (/^no arping$/m.test(text)) return { code: 'no-tool', text: 'arping' };
  if (/not permitted|Permission denied|are you root|cap_net_raw/i.test(text)) {
    return { code: 'no-right', text: 'asking by ARP needs NET_RAW' };
  }
  // Each arping ends with what it sent and received; without it, it did not come to ask.
  if (/^Received 0 (response|repl)|^\d+ packets transmitted, 0 packets received/m.test(text))
    return undefined;
  const said = text.split('\n').find((line) => line.trim() !== '' && !line.startsWith('ARPING'));
  if (said === undefined) return { code: 'other', text: 'arping did not finish' };
  return { code: said.includes('not ARPable') ? 'no-arp' : 'other', text: said.trim().slice(0, 120) };
}

/** What was found out about one of the target's own addresses. */
export interface OwnAddressAnswers {
  readonly address: string;
  readonly device: string;
  readonly answers: ArpAnswers;
}

/** @returns for each own address who else has it, or why nothing was asked at all */
export function parseDuplicates(stdout: string): OwnAddressAnswers[] | Reason {
  if (/^no arping$/m.test(stdout)) return { code: 'no-tool', text: 'arping' };
  if (/^no ip$/m.test(stdout)) return { code: 'no-tool', text: 'ip' };
  const said = new Map<string, { address: string; device: string; lines: string[] }>();
  for (const line of stdout.split('\n')) {
    const parts = /^own (\S+) (\S+) (.*)$/.exec(line);
    if (!parts) continue;
    const [, address = '', device = '', rest = ''] = parts;
    const key = `${address} ${device}`;
    const known = said.get(key) ?? { address, device, lines: [] };
    known.lines.push(rest);
    said.set(key, known);
  }
  return [...said.values()].map(({ address, device, lines }) => ({
    address,
    device,
    answers: parseArping(lines.join('\n')),
  }));
}

/** How many own addresses src/probes/duplicates.sh, or the prober in its place, has left out. */
export function parseUnasked(stdout: string): number {
  return Number(/^more (\d+)$/m.exec(stdout)?.[1] ?? 0);
}
