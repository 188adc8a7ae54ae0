/** Which network namespace a drop was in, in words. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import { type NetworkNamespace, namespaceWord } from '../../model/namespaces.ts';
import { parseLinkNames } from '../../parsers/ip-link.ts';
import { parseNetnsList } from '../../parsers/netns-list.ts';
import { read } from '../shared/measured.ts';
import type { DropsInput, DropWhere } from './facts.ts';

/** The list of namespaces leaves it out. */
const LOOPBACK = [1, 'lo'] as const;

/** What is known of namespaces by their inodes. */
export interface KnownPlaces {
  has(inode: string): boolean;
  /** @param own the inode of the target's namespace */
  whereOf(inode: string, own: string): DropWhere;
}

/**
 * @param list the result of the list of namespaces, where there is one
 * @param links of the target's own, of which there may be no list
 */
export function knownPlaces(
  list: ProbeResult | undefined,
  links: ProbeResult | undefined,
  input: DropsInput,
): KnownPlaces {
  const names = read(links, 'ip', (text) => parseLinkNames(text)).value ?? new Map<number, string>();
  const known = read(list, 'sh', (text) => namespacesIn(text)).value ?? [];
  const places = new Map(known.map((one) => [one.inode, listed(one, input)] as const));
  return {
    has: (inode) => places.has(inode),
    whereOf: (inode, own) => places.get(inode) ?? unlisted(inode, own, input, names),
  };
}

function namespacesIn(text: string): readonly NetworkNamespace[] | undefined {
  try {
    return parseNetnsList(text).namespaces;
  } catch {
    return undefined;
  }
}

function listed(one: NetworkNamespace, { names }: DropsInput): DropWhere {
  const addresses = one.interfaces.flatMap((link) => link.addresses.map((a) => a.replace(/\/.*/, '')));
  // The API's name, where the kubelet's folders have none.
  const isNamed = one.kind !== 'pod' || one.pods[0]?.name !== undefined;
  const byAddress = addresses.flatMap((a) => (Object.hasOwn(names, a) ? (names[a] ?? []) : []))[0];
  return {
    kind: one.kind,
    name: (isNamed ? undefined : byAddress) ?? namespaceWord(one),
    interfaces: new Map([LOOPBACK, ...one.interfaces.map(({ index, name }) => [index, name] as const)]),
  };
}

function unlisted(
  namespace: string,
  own: string,
  { scope, pod, isHost }: DropsInput,
  names: DropWhere['interfaces'],
): DropWhere {
  const interfaces = new Map([LOOPBACK, ...(namespace === own ? names : [])]);
  if (scope === 'machine') return { kind: 'unknown', name: namespace, interfaces };
  if (namespace !== own || isHost) return { kind: 'host', name: 'host', interfaces };
  return {
    ...(pod === undefined ? { kind: 'own', name: "the target's own" } : { kind: 'pod', name: pod }),
    interfaces,
  };
}
