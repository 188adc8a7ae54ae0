/** Parses src/probes/node-port-places.sh: at which addresses of a node kube-proxy serves NodePorts. Pure. */

/** By family; absent: all of the node's but loopback ones, or it is not known. */
export interface NodePortPlaces {
  readonly ip?: readonly string[];
  readonly ip6?: readonly string[];
}

export function parseNodePortPlaces(stdout: string): NodePortPlaces {
  const places: { ip?: readonly string[]; ip6?: readonly string[] } = {};
  for (const [, mode, family, text = ''] of stdout.matchAll(
    /^(nftables|iptables) (ip6?)\n((?:(?!nftables |iptables ).*\n?)*)/gm,
  )) {
    const found = mode === 'nftables' ? setOf(text) : rulesOf(text);
    if (found !== undefined) places[family === 'ip6' ? 'ip6' : 'ip'] = found;
  }
  return places;
}

/** `elements = { 198.51.100.11,` and further lines; a set may be empty. Elements may have comments and counters. */
function setOf(text: string): readonly string[] {
  return [...text.matchAll(/(?<=[{,]\s*)[0-9a-f]*[.:][0-9a-f.:]*/gi)].map(([address]) => address);
}

/** One for each address, or one for all that are local. */
function rulesOf(text: string): readonly string[] | undefined {
  const rules = text.split('\n').filter((line) => line.startsWith('-A '));
  const own = rules.flatMap((line) => / (?<!! )-d ([0-9a-f.:]+)\/(?:32|128) /i.exec(line)?.[1] ?? []);
  return own.length === rules.length ? own : undefined;
}
