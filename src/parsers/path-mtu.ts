/** Parses the output of src/probes/path-mtu.sh. Pure. */

/** One series of echo requests of one size, with fragmentation forbidden. */
interface SizeTry {
  /** The whole IP packet, in bytes. */
  readonly size: number;
  readonly sent: number;
  readonly received: number;
}

/** What the search came to; sizes in bytes of the whole IP packet. */
export interface PathMtu {
  readonly address: string;
  /** The interface that the packets leave by. */
  readonly link: { readonly device: string; readonly mtu: number } | undefined;
  /** The limit that the target's own route sets. */
  readonly routeMtu: number | undefined;
  readonly tries: readonly SizeTry[];
  /** What was said about packets that were too large, such as `From 192.0.2.1 … Frag needed and DF set (mtu = 1400)`. */
  readonly announcements: readonly string[];
  /** The largest packet that was answered; `undefined` when not even small ones are. */
  readonly pathMtu: number | undefined;
}

/** Why there is no result. */
type NoPathMtu = 'no-df' | 'loopback' | { readonly refused: string } | 'cut';

/** `cut`: the script was ended before it had found anything. */
export function parsePathMtu(stdout: string): PathMtu | NoPathMtu {
  const tries: SizeTry[] = [];
  const announcements: string[] = [];
  let address: string | undefined;
  let link: PathMtu['link'];
  let routeMtu: number | undefined;
  let pathMtu: number | undefined;
  let ended = false;
  for (const line of stdout.split('\n')) {
    const [word = '', ...rest] = line.split(' ');
    if (word === 'no-df' || word === 'loopback') return word;
    if (word === 'refused') return { refused: rest.join(' ').replace(/^ping: /, '') };
    if (word === 'address') address = rest[0];
    else if (word === 'link') link = { device: rest[0] ?? '', mtu: Number(rest[1]) };
    else if (word === 'route-mtu') routeMtu = Number(rest[0]);
    else if (word === 'bytes')
      tries.push({ size: Number(rest[0]), sent: Number(rest[2]), received: Number(rest[4]) });
    else if (word === 'icmp') announcements.push(rest.join(' '));
    else if (word === 'path-mtu') {
      pathMtu = Number(rest[0]);
      ended = true;
    } else if (word === 'no-answer') ended = true;
  }
  if (address === undefined || !ended) return 'cut';
  return { address, link, routeMtu, tries, announcements, pathMtu };
}

/** The size that the target itself may send: its interface's, or its route's where that is lower. */
export function allowedMtu(path: PathMtu): number | undefined {
  const known = [path.link?.mtu, path.routeMtu].filter((mtu) => mtu !== undefined);
  return known.length > 0 ? known.reduce((a, b) => Math.min(a, b)) : undefined;
}
