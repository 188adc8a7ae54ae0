/** Parses of `nft -j list ruleset` what kube-proxy has written for NodePorts in its nftables mode (KEP-3866). Pure. */
import { type JsonObject, objectsIn, parseJson } from './json.ts';

/** NodePorts of one node. */
export interface NodePortRules {
  /** Addresses that serve them; `undefined` of a family: all of the node's but loopback ones. */
  readonly addresses: {
    readonly ip: readonly string[] | undefined;
    readonly ip6: readonly string[] | undefined;
  };
  readonly ports: readonly NodePort[];
}

export interface NodePort {
  readonly family: 'ip' | 'ip6';
  readonly protocol: string;
  readonly port: number;
  /** `NAMESPACE/NAME`. */
  readonly service: string;
}

const TABLE = 'kube-proxy';

/** `undefined`: kube-proxy has written no map of NodePorts there, or the text is not nft's JSON. */
export function parseNodePortRules(stdout: string): NodePortRules | undefined {
  const list = object(parseJson(stdout))?.['nftables'];
  if (!Array.isArray(list)) return undefined;
  const entries = objectsIn(list);
  const of = (kind: 'map' | 'set', name: string): JsonObject[] =>
    entries.flatMap((entry) => {
      const found = object(entry[kind]);
      return found?.['table'] === TABLE && found['name'] === name ? [found] : [];
    });
  const maps = of('map', 'service-nodeports');
  if (maps.length === 0) return undefined;
  const sets = of('set', 'nodeport-ips');
  const addresses = (family: string): readonly string[] | undefined => {
    const set = sets.find((one) => one['family'] === family);
    return set && elements(set).flatMap((one) => (typeof one === 'string' ? [one] : []));
  };
  return {
    addresses: { ip: addresses('ip'), ip6: addresses('ip6') },
    ports: maps.flatMap((map) => elements(map).flatMap((element) => portOf(String(map['family']), element))),
  };
}

/** `[{concat: ["tcp", 30080]}, {goto: {target: "external-HASH-NAMESPACE/NAME/tcp/PORT"}}]`; comments wrap the key. */
function portOf(family: string, element: unknown): NodePort[] {
  if (!Array.isArray(element) || (family !== 'ip' && family !== 'ip6')) return [];
  const [key, verdict] = element as unknown[];
  const bare = object(object(key)?.['elem'])?.['val'] ?? key;
  const concat = object(bare)?.['concat'];
  const target = object(object(verdict)?.['goto'])?.['target'];
  if (!Array.isArray(concat) || typeof target !== 'string') return [];
  const service = /^[a-z]+-[A-Z0-9]+-([^/]+\/[^/]+)\//.exec(target)?.[1];
  const [protocol, port] = concat as unknown[];
  if (service === undefined) return [];
  return [{ family, protocol: String(protocol), port: Number(port), service }];
}

function elements(found: JsonObject): readonly unknown[] {
  const all = found['elem'];
  return Array.isArray(all) ? all : [];
}

function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
