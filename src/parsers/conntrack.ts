/** Parses `conntrack -L` (conntrack-tools), and what /proc tells of connection tracking. Pure. */

/** Counters of a namespace's connection tracking, summed over its CPUs, by the kernel's own names. */
export type ConntrackStats = Readonly<Record<string, number>>;

/** /proc/net/stat/nf_conntrack: a line of names, then a line of hexadecimal values for each CPU. */
export function parseConntrackProc(text: string): ConntrackStats | undefined {
  const [head, ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  const names = head?.trim().split(/\s+/) ?? [];
  if (!names.includes('insert_failed') || rows.length === 0) return undefined;
  const sums: Record<string, number> = {};
  for (const row of rows) {
    row
      .trim()
      .split(/\s+/)
      .forEach((value, i) => {
        const name = names[i];
        if (name !== undefined) sums[name] = (sums[name] ?? 0) + Number.parseInt(value, 16);
      });
  }
  return sums;
}

/** The two numbers of nf_conntrack_count and nf_conntrack_max, one a line. */
export function parseConntrackFill(
  stdout: string,
): { readonly count: number; readonly max: number } | undefined {
  const numbers = /^(\d+)\n(\d+)\n?$/.exec(stdout);
  return numbers ? { count: Number(numbers[1]), max: Number(numbers[2]) } : undefined;
}

/** Who holds most of a table that is nearly full. */
export interface ConntrackHolders {
  /** `tcp CLOSE_WAIT`, `udp`, most first. */
  readonly states: readonly { readonly count: number; readonly what: string }[];
  readonly pairs: readonly {
    readonly count: number;
    readonly source: string;
    readonly destination: string;
    /** Empty where the protocol has none. */
    readonly port: string;
  }[];
}

/** Parses src/probes/conntrack-holders.sh; `undefined`: the table was not so full, or could not be listed. */
export function parseConntrackHolders(stdout: string): ConntrackHolders | undefined {
  const states = Array.from(
    stdout.matchAll(/^state (\d+) (\w{1,20}) (\S{1,20})$/gm),
    ([, count, protocol = '', state]) => ({
      count: Number(count),
      what: state === '-' ? protocol : `${protocol} ${state}`,
    }),
  );
  const pairs = Array.from(
    stdout.matchAll(/^pair (\d+) \w{1,20} (\S{1,45}) (\S{1,45}) (\d{0,5})$/gm),
    ([, count, source = '', destination = '', port = '']) => ({
      count: Number(count),
      source,
      destination,
      port,
    }),
  );
  return states.length === 0 ? undefined : { states, pairs };
}

/** One direction of a tracked connection. */
interface Tuple {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: string;
  readonly destinationPort: string;
}

/** One tracked connection. */
export interface ConntrackEntry {
  readonly protocol: string;
  /** Seconds until it is forgotten; each packet sets it again. */
  readonly timeout: number;
  /** As its first packet was, and as an answer has to be: they differ by what NAT has changed. */
  readonly original: Tuple;
  readonly reply: Tuple;
  /** No answer has been seen. */
  readonly isUnreplied: boolean;
  readonly line: string;
}

/** No address is longer than 45 characters (INET6_ADDRSTRLEN): a long line must not cost more than its length. */
const TUPLE = /src=(\S{1,45}) dst=(\S{1,45}) sport=(\d+) dport=(\d+)/g;

/** `conntrack -L`; entries without ports are left out. */
export function parseConntrackList(stdout: string): ConntrackEntry[] {
  return stdout.split('\n').flatMap((line) => {
    const head = /^(\w+)\s+\d+\s+(\d+) /.exec(line);
    const [original, reply] = [...line.matchAll(TUPLE)].map(([, source, destination, from, to]) => ({
      source: source ?? '',
      destination: destination ?? '',
      sourcePort: from ?? '',
      destinationPort: to ?? '',
    }));
    if (!head || !original || !reply) return [];
    return [
      {
        protocol: head[1] ?? '',
        timeout: Number(head[2]),
        original,
        reply,
        isUnreplied: line.includes('[UNREPLIED]'),
        line: line.trim(),
      },
    ];
  });
}
