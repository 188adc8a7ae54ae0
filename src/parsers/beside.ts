/** Parses the output of src/probes/beside.sh: other network namespaces of a machine. Pure. */

/** One that has to do with what was asked about. */
export interface Beside {
  /** A file that stands for it: `/run/netns/blue`, `/proc/1234/ns/net`. */
  readonly path: string;
  /** What was printed of it, by the names of the parts. */
  readonly parts: ReadonlyMap<string, string>;
}

/** @returns those that were found; `undefined` where not all could be looked into */
export function parseBeside(stdout: string): Beside[] | undefined {
  const found: { readonly path: string; readonly parts: Map<string, string> }[] = [];
  let part = '';
  for (const line of stdout.split('\n').slice(0, -1)) {
    const last = found.at(-1);
    if (line === 'more') return undefined;
    if (line.startsWith('namespace '))
      found.push({ path: line.slice('namespace '.length), parts: new Map() });
    else if (line.startsWith('part ')) {
      part = line.slice('part '.length);
      last?.parts.set(part, '');
    } else if (line.startsWith(' ')) last?.parts.set(part, `${last.parts.get(part) ?? ''}${line.slice(1)}\n`);
  }
  return found;
}

/** The end of a veth in another namespace, and what decides whether it answers ARP for an address by proxy. */
export interface VethEnd {
  /** As in {@link Beside}. */
  readonly path: string;
  readonly name: string;
  /** net.ipv4.conf.*.proxy_arp: that of all interfaces, or its own, is 1 (IN_DEV_PROXY_ARP of include/linux/inetdevice.h). */
  readonly isProxy: boolean;
  /** Its own net.ipv4.conf.NAME.forwarding is 1. */
  readonly forwards: boolean;
  /** What `ip route get ADDRESS from OWN iif NAME` says: the lookup of who answers ARP (arp_process, net/ipv4/arp.c). */
  readonly way: string;
  /** The interface that it leads to; absent: there is no such route. */
  readonly device?: string;
}

/** `undefined`: there is not exactly one, or it could not be read. */
export function parseVethEnd(stdout: string): VethEnd | undefined {
  const [found, ...more] = parseBeside(stdout) ?? [];
  const name = found?.parts.get('end')?.trim();
  const settings = found?.parts.get('settings') ?? '';
  const [way = ''] = (found?.parts.get('way') ?? '').trim().split('\n');
  const value = (words: string): boolean | undefined => {
    const text = settings.split('\n').find((line) => line.startsWith(`${words} `));
    return text === undefined ? undefined : text.endsWith(' 1');
  };
  const [all, own, forwards] = [`all proxy_arp`, `${name} proxy_arp`, `${name} forwarding`].map(value);
  if (found === undefined || more.length > 0 || !name || way === '') return undefined;
  if (all === undefined || own === undefined || forwards === undefined) return undefined;
  const device = way.startsWith('RTNETLINK') ? undefined : / dev (\S+)/.exec(` ${way} `)?.[1];
  return {
    path: found.path,
    name,
    isProxy: all || own,
    forwards,
    way: way.trim(),
    ...(device === undefined ? {} : { device }),
  };
}
