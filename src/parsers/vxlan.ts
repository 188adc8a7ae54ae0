/** Parses `ip -j -d link show type vxlan` and `bridge -j fdb show` (iproute2). Pure. */
import { jsonObjects, numberOf, objectOf, textOf } from './json.ts';

/** A VXLAN interface. */
export interface Vxlan {
  readonly name: string;
  readonly vni: number | undefined;
  /** Its own MAC address, in small letters. */
  readonly mac: string | undefined;
  /** Somebody else (eBPF, Open vSwitch) says where each packet goes: its forwarding table is not used. */
  readonly isExternal: boolean;
  /** It has one remote end or a multicast group, to which it sends what it has no entry for. */
  readonly hasDefault: boolean;
}

/** `undefined` when the text is not ip's JSON. */
export function parseVxlans(stdout: string): Vxlan[] | undefined {
  return jsonObjects(stdout)?.map((entry) => {
    const data = objectOf(objectOf(entry['linkinfo'])['info_data']);
    const remote = ['remote', 'remote6', 'group', 'group6'].some((key) => textOf(data[key]) !== undefined);
    return {
      name: textOf(entry['ifname']) ?? '',
      vni: numberOf(data['id']),
      mac: textOf(entry['address'])?.toLowerCase(),
      isExternal: data['external'] === true,
      hasDefault: remote,
    };
  });
}

/** An entry of a forwarding table that leads to another host. */
export interface TunnelEntry {
  readonly device: string;
  /** `00:00:00:00:00:00` stands for every address without an entry of its own. */
  readonly mac: string;
  readonly remote: string;
}

/** `undefined` when the text is not bridge's JSON. */
export function parseTunnelEntries(stdout: string): TunnelEntry[] | undefined {
  return jsonObjects(stdout)?.flatMap((entry) => {
    const remote = textOf(entry['dst']);
    if (remote === undefined) return [];
    return [
      { device: textOf(entry['ifname']) ?? '', mac: (textOf(entry['mac']) ?? '').toLowerCase(), remote },
    ];
  });
}
