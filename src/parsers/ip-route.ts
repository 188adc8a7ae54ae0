/** Parses `ip -j -d route show table all` and `ip -j rule show` (iproute2). Pure. */
import { withoutUndefined } from '../model/without-undefined.ts';
import type { Mark } from './filter-rules.ts';
import { type AddressFamily, everything, type Prefix, parsePrefix } from './ip-prefix.ts';
import { type JsonObject, jsonObjects, numberOf, objectOf, objectsIn, textOf, textsIn } from './json.ts';

/** A route. */
export interface Route {
  readonly family: AddressFamily;
  /** `unicast`, `local`, `blackhole`, `unreachable`, `prohibit`, `throw`, `broadcast`, … */
  readonly type: string;
  readonly destination: Prefix;
  /** As ip prints it: `default`, `198.18.1.0/24`. */
  readonly text: string;
  readonly table: string;
  /** Empty on a link that needs none; several of a multipath route. */
  readonly gateways: readonly string[];
  readonly devices: readonly string[];
  readonly source: string | undefined;
  readonly metric: number;
  /** `kernel` for what comes with an address. */
  readonly protocol: string;
  readonly flags: readonly string[];
}

/** `undefined` when the text is not ip's JSON. */
export function parseRoutes(stdout: string): Route[] | undefined {
  return jsonObjects(stdout)?.flatMap((entry) => {
    const text = textOf(entry['dst']) ?? '';
    const hops = [entry, ...objectsIn(entry['nexthops'])];
    const gateways = hops.flatMap(
      (hop) => textOf(hop['gateway']) ?? textOf(objectOf(hop['via'])['host']) ?? [],
    );
    // ip prints no family: IPv6 routes are recognised by their addresses, a default one by fields that only they have.
    const family =
      [text, ...(entry['via'] === undefined ? gateways : [])].some((t) => t.includes(':')) ||
      entry['pref'] !== undefined
        ? 'inet6'
        : 'inet';
    const destination = text === 'default' ? everything(family) : parsePrefix(text);
    if (!destination) return [];
    return [
      {
        family,
        type: textOf(entry['type']) ?? 'unicast',
        destination,
        text,
        table: textOf(entry['table']) ?? 'main',
        gateways,
        devices: hops.flatMap((hop) => textOf(hop['dev']) ?? []),
        source: textOf(entry['prefsrc']),
        metric: numberOf(entry['metric']) ?? 0,
        protocol: textOf(entry['protocol']) ?? '',
        flags: hops.flatMap((hop) => textsIn(hop['flags'])),
      },
    ];
  });
}

/** A route as ip prints it without -j. */
export function routeText(route: Route): string {
  const { type, text, gateways, devices, table, source, metric, flags } = route;
  return [
    ...(type === 'unicast' ? [] : [type]),
    text,
    ...gateways.map((gateway) => `via ${gateway}`),
    ...devices.map((device) => `dev ${device}`),
    ...(table === 'main' ? [] : [`table ${table}`]),
    ...(source === undefined ? [] : [`src ${source}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`]),
    ...flags,
  ].join(' ');
}

/** Both ends included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** A routing policy rule. */
export interface RoutingRule {
  readonly priority: number;
  /** `undefined`: from anywhere. */
  readonly source: Prefix | undefined;
  /** `undefined`: to anywhere. */
  readonly destination: Prefix | undefined;
  readonly inverted: boolean;
  /** What else it matches: marks, interfaces, ports, users. Names of ip's JSON. */
  readonly conditions: readonly string[];
  /** Where it looks, when its action is that. */
  readonly table: string | undefined;
  /** `blackhole`, `unreachable`, `prohibit`; `undefined`: it looks in its table. */
  readonly action: string | undefined;
  /** It looks in the table of the interface's VRF. */
  readonly vrf: boolean;
  /** The mark that a packet has to have. */
  readonly mark?: Mark;
  /** The users whose packets it takes, by number. */
  readonly users?: NumberRange;
  /** `tcp`, `udp`, or a number. */
  readonly ipProtocol?: string;
  readonly destinationPorts?: NumberRange;
  /** The interface that a packet came in by; `lo`: it is the target's own. */
  readonly from?: string;
  /** As ip would print it: `32766: from all lookup main`. */
  readonly text: string;
}

const PLAIN = new Set([
  'priority',
  'src',
  'srclen',
  'dst',
  'dstlen',
  'table',
  'action',
  'not',
  'l3mdev',
  'protocol',
]);

/** `undefined` when the text is not ip's JSON. */
export function parseRules(stdout: string): RoutingRule[] | undefined {
  return jsonObjects(stdout)?.map((entry) => {
    const table = textOf(entry['table']);
    const action = textOf(entry['action']);
    const vrf = 'l3mdev' in entry;
    const conditions = Object.keys(entry).filter((key) => !PLAIN.has(key));
    return {
      priority: numberOf(entry['priority']) ?? 0,
      source: selector(entry, 'src'),
      destination: selector(entry, 'dst'),
      inverted: 'not' in entry,
      conditions,
      table,
      action,
      vrf,
      ...selectorsOf(entry),
      text: [
        `${numberOf(entry['priority']) ?? 0}:`,
        ...('not' in entry ? ['not'] : []),
        `from ${written(entry, 'src')}`,
        ...(entry['dst'] === undefined ? [] : [`to ${written(entry, 'dst')}`]),
        ...conditions.map((key) => `${key} ${String(entry[key])}`),
        vrf ? 'lookup [l3mdev-table]' : (action ?? `lookup ${table ?? '?'}`),
      ].join(' '),
    };
  });
}

function selectorsOf(
  entry: JsonObject,
): Pick<RoutingRule, 'mark' | 'users' | 'ipProtocol' | 'destinationPorts' | 'from'> {
  const value = Number(textOf(entry['fwmark']) ?? Number.NaN);
  const mask = Number(textOf(entry['fwmask']) ?? 0xffffffff);
  return withoutUndefined({
    mark: Number.isInteger(value) ? { value, mask } : undefined,
    users: rangeOf(entry['uid_start'], entry['uid_end']),
    ipProtocol: textOf(entry['ipproto']),
    destinationPorts:
      rangeOf(entry['dport_start'], entry['dport_end']) ?? rangeOf(entry['dport'], entry['dport']),
    from: textOf(entry['iif']),
  });
}

function rangeOf(from: unknown, to: unknown): NumberRange | undefined {
  const [first, last] = [numberOf(from), numberOf(to)];
  return first === undefined || last === undefined ? undefined : { from: first, to: last };
}

function written(entry: JsonObject, key: 'src' | 'dst'): string {
  const length = numberOf(entry[`${key}len`]);
  return `${textOf(entry[key]) ?? 'all'}${length === undefined ? '' : `/${length}`}`;
}

function selector(entry: JsonObject, key: 'src' | 'dst'): Prefix | undefined {
  const text = written(entry, key);
  return text === 'all' ? undefined : parsePrefix(text);
}
