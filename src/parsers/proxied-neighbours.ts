/** Parses `ip -j -6 neigh show proxy` with the switches of the interfaces behind it. Pure. */
import { jsonObjects, textOf } from './json.ts';

/** An address that is not the host's, and for which it answers neighbour solicitations. */
export interface ProxiedNeighbour {
  readonly address: string;
  readonly device: string;
}

const SWITCH = /^\/proc\/sys\/net\/ipv6\/conf\/([^/]+)\/proxy_ndp:1$/gm;

/** Those whose interface has proxy_ndp on; the kernel does not look at the others. */
export function parseProxied(stdout: string): ProxiedNeighbour[] {
  const on = new Set([...stdout.matchAll(SWITCH)].map(([, name]) => name));
  const json = stdout.split('\n').find((line) => line.startsWith('[')) ?? '';
  return (jsonObjects(json) ?? []).flatMap((entry) => {
    const [address, device] = [textOf(entry['dst']), textOf(entry['dev'])];
    if (address === undefined || device === undefined) return [];
    return on.has(device) || on.has('all') ? [{ address, device }] : [];
  });
}
