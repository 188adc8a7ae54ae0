/** Finds the other end of each interface among the namespaces of a machine, from `ip -j -d addr show`. Pure. */
import type { NamespaceInterface } from '../model/namespaces.ts';
import { jsonObjects, numberOf, objectOf, objectsIn, textOf } from './json.ts';

/** An interface, and what the kernel tells of its other end. */
export interface InterfaceLinks {
  readonly interface: NamespaceInterface;
  /** The index of the other end, in another namespace. */
  readonly peerIndex: number | undefined;
  /** By which id its own namespace knows that other one. */
  readonly peerNsid: number | undefined;
  /** The name of the other end, in the same namespace. */
  readonly peerName: string | undefined;
}

/** `undefined` when the text is not ip's JSON. */
export function parseInterfaceLinks(json: string): InterfaceLinks[] | undefined {
  return jsonObjects(json)
    ?.filter((entry) => entry['link_type'] !== 'loopback')
    .map((entry) => {
      const kind = textOf(objectOf(entry['linkinfo'])['info_kind']);
      return {
        interface: {
          name: textOf(entry['ifname']) ?? '',
          index: numberOf(entry['ifindex']) ?? 0,
          ...(kind === undefined ? {} : { kind }),
          state: textOf(entry['operstate']) ?? 'UNKNOWN',
          addresses: objectsIn(entry['addr_info'])
            .filter(({ scope }) => scope !== 'link' && scope !== 'host')
            .map(({ local, prefixlen }) => `${textOf(local)}/${numberOf(prefixlen)}`),
        },
        peerIndex: numberOf(entry['link_index']),
        peerNsid: numberOf(entry['link_netnsid']),
        peerName: textOf(entry['link']),
      };
    });
}

/** The names of namespaces by the ids that one has for them, from `ip -j netns list-id`; those without one are absent. */
export function parseNamespaceIds(json: string): Map<number, string> {
  return new Map(
    (jsonObjects(json) ?? []).flatMap((entry): [number, string][] => {
      const [nsid, name] = [numberOf(entry['nsid']), textOf(entry['name'])];
      return nsid === undefined || name === undefined ? [] : [[nsid, name]];
    }),
  );
}

/** A namespace's interfaces. */
export interface NamespaceLinks {
  readonly inode: string;
  readonly links: readonly InterfaceLinks[];
  /** The inodes of other namespaces by the ids that this one has for them, as far as they are known. */
  readonly inodes: ReadonlyMap<number, string>;
}

/** One interface of one namespace. */
interface End extends InterfaceLinks {
  readonly inode: string;
  /** The other end's namespace, where it is known. */
  readonly peerInode: string | undefined;
}

/** Kinds of which each has exactly one other end, which in turn has it. */
const PAIRED: readonly (string | undefined)[] = ['veth', 'netkit'];

/**
 * The interfaces of each namespace, by inode, with the ends that are known for sure.
 * @param host the inode of the machine's own namespace
 */
export function withPeers(
  namespaces: readonly NamespaceLinks[],
  host: string,
): Map<string, NamespaceInterface[]> {
  const ends = namespaces.flatMap(({ inode, links, inodes }) =>
    links.map((link): End => ({ ...link, inode, peerInode: inodes.get(link.peerNsid ?? -1) })),
  );
  const pairs = pairUp(ends);
  const result = new Map<string, NamespaceInterface[]>(namespaces.map(({ inode }) => [inode, []]));
  for (const end of ends) {
    const peer = peerOf(end, ends, pairs, host);
    result.get(end.inode)?.push(peer === undefined ? end.interface : { ...end.interface, peer });
  }
  return result;
}

function peerOf(
  end: End,
  ends: readonly End[],
  pairs: ReadonlyMap<End, End>,
  host: string,
): NamespaceInterface['peer'] {
  const { inode, peerName, peerIndex } = end;
  if (peerName !== undefined) return { inode, name: peerName };
  const pair = pairs.get(end);
  if (pair) return { inode: pair.inode, name: pair.interface.name };
  if (PAIRED.includes(end.interface.kind) || peerIndex === undefined || inode === host) return undefined;
  // A macvlan or a VLAN was made on an interface of the machine, and moved.
  const below = ends.find((other) => other.inode === host && other.interface.index === peerIndex);
  return below && { inode: host, name: below.interface.name };
}

/**
 * Each end names the index of the other, and indexes are unique only within a namespace: what has one candidate is a
 * pair, and with it gone others may have but one.
 */
function pairUp(ends: readonly End[]): Map<End, End> {
  const pairs = new Map<End, End>();
  const open = new Map<string, End[]>();
  const key = (index: number, peerIndex: number): string => `${index} ${peerIndex}`;
  for (const end of ends) {
    if (end.peerIndex === undefined || !PAIRED.includes(end.interface.kind)) continue;
    const own = key(end.interface.index, end.peerIndex);
    open.set(own, [...(open.get(own) ?? []), end]);
  }
  const candidates = (end: End): End[] =>
    (open.get(key(end.peerIndex ?? 0, end.interface.index)) ?? []).filter(
      (other) =>
        other.inode === (end.peerInode ?? other.inode) &&
        end.inode === (other.peerInode ?? end.inode) &&
        other.inode !== end.inode &&
        other.interface.kind === end.interface.kind &&
        !pairs.has(other),
    );
  for (let found = true; found; ) {
    found = false;
    for (const end of [...open.values()].flat()) {
      if (pairs.has(end)) continue;
      const [other, ...more] = candidates(end);
      // Sure from this side; the other side may see several, of which this is one that can have no other.
      if (!other || more.length > 0) continue;
      pairs.set(end, other);
      pairs.set(other, end);
      found = true;
    }
  }
  return pairs;
}
