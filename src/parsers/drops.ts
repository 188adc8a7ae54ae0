/** Parses what image/drops prints: what the kernel dropped while it was watched. Pure. */
import { type JsonObject, numberOf, objectOf, parseJson, textOf } from './json.ts';

/** Where and why the kernel dropped packets. */
export interface DropPlace {
  /** As the kernel calls it, without what all of its names begin with: `NETFILTER_DROP`. */
  readonly reason: string;
  /** The function of the kernel that gave the packet up; empty where the kernel does not tell. */
  readonly function: string;
  /** The inode of the network namespace. */
  readonly namespace: string;
  readonly packets: number;
}

/** The packets of one place that are alike. A client's port is not kept, nor told. */
export interface DropFlow extends DropPlace {
  /** Its index in the namespace; 0: it was at none. */
  readonly interface: number;
  /** IEEE's number of what the frame held: 0x0800 is IPv4. */
  readonly ethertype: number;
  /** IANA's number of the protocol above IP. */
  readonly protocol: number;
  readonly source?: string;
  readonly destination?: string;
  /** 0: a client's. */
  readonly sourcePort?: number;
  /** 0: a client's. */
  readonly destinationPort?: number;
  readonly icmpType?: number;
}

/** What was seen from the beginning to the end. */
export interface DropWatch {
  readonly kernel: string;
  /** Which boot of which machine it is of (random(4)); empty where the kernel does not tell. */
  readonly boot: string;
  /** The namespace that it was watched from. */
  readonly own: string;
  /** All of them. */
  readonly places: readonly DropPlace[];
  /** The greatest ones. */
  readonly flows: readonly DropFlow[];
  /** Absent: it was ended, and what it had counted is lost. */
  readonly end?: {
    readonly seconds: number;
    /** How many were watched. */
    readonly namespaces: number;
    /** Packets that are in `places` alone. */
    readonly flowsMissed: number;
    /** At least so many flows are not in `flows`. */
    readonly otherFlows: number;
    /** Packets that are nowhere. */
    readonly placesMissed: number;
    /** Drops that happened while another one was being counted on the same processor. */
    readonly unseen: number;
    /** Addresses whose flows were asked for and not watched. */
    readonly peersLeftOut: number;
    /** Whether there were more namespaces than can be watched. */
    readonly namespacesLeftOut: boolean;
  };
}

/** A flow or, without what only a flow has, a place; one that is seen while it is counted. */
export interface DropNow<Drops extends DropPlace> {
  /** Which place in the kernel's code it is; a function has several. */
  readonly site: number;
  readonly drops: Drops;
}

/** A line of a watch that somebody looks at: what has changed since the last one. */
export interface DropNews {
  /** Since the watch began. */
  readonly seconds: number;
  readonly places: readonly DropNow<DropPlace>[];
  readonly flows: readonly DropNow<DropFlow>[];
}

/** `undefined`: it is another line. */
export function parseDropNews(line: string): DropNews | undefined {
  if (!line.startsWith('{"now":')) return undefined;
  const { now } = objectOf(parseJson(line));
  const { seconds, places, flows } = objectOf(now);
  const all = <Drops extends DropPlace>(list: unknown, of: (fields: JsonObject) => Drops[]) =>
    (Array.isArray(list) ? list : []).map(objectOf).flatMap((fields): DropNow<Drops>[] => {
      const site = numberOf(fields['site']) ?? 0;
      return of(fields).map((drops) => ({ site, drops }));
    });
  return { seconds: numberOf(seconds) ?? 0, places: all(places, placeOf), flows: all(flows, flowOf) };
}

/** `undefined`: the text is not the watcher's, or it never began to watch. */
export function parseDrops(text: string): DropWatch | undefined {
  const places: DropPlace[] = [];
  const flows: DropFlow[] = [];
  let begin: Pick<DropWatch, 'kernel' | 'boot' | 'own'> | undefined;
  let end: DropWatch['end'];
  for (const line of text.split('\n')) {
    const { watching, place, flow, end: last } = objectOf(line === '' ? undefined : parseJson(line));
    if (watching !== undefined) {
      const { kernel, boot, own } = objectOf(watching);
      begin = { kernel: textOf(kernel) ?? '', boot: textOf(boot) ?? '', own: textOf(own) ?? '' };
    } else if (place !== undefined) places.push(...placeOf(objectOf(place)));
    else if (flow !== undefined) flows.push(...flowOf(objectOf(flow)));
    else if (last !== undefined) end = endOf(objectOf(last));
  }
  return begin && { ...begin, places, flows, ...(end === undefined ? {} : { end }) };
}

function placeOf(fields: JsonObject): DropPlace[] {
  const [reason, name, namespace] = [fields['reason'], fields['function'], fields['namespace']].map(textOf);
  const packets = numberOf(fields['packets']);
  return reason === undefined || namespace === undefined || packets === undefined
    ? []
    : [{ reason, function: name ?? '', namespace, packets }];
}

function flowOf(fields: JsonObject): DropFlow[] {
  const number = (name: string): number => numberOf(fields[name]) ?? 0;
  const optional = <Name extends string>(name: Name, of: (value: unknown) => unknown) => {
    const value = of(fields[name]);
    return value === undefined ? {} : { [name]: value };
  };
  return placeOf(fields).map((place) => ({
    ...place,
    interface: number('interface'),
    ethertype: number('ethertype'),
    protocol: number('protocol'),
    ...optional('source', textOf),
    ...optional('destination', textOf),
    ...optional('sourcePort', numberOf),
    ...optional('destinationPort', numberOf),
    ...optional('icmpType', numberOf),
  }));
}

function endOf(fields: JsonObject): DropWatch['end'] {
  const number = (name: string): number => numberOf(fields[name]) ?? 0;
  return {
    seconds: number('seconds'),
    namespaces: number('namespaces'),
    flowsMissed: number('flowsMissed'),
    placesMissed: number('placesMissed'),
    unseen: number('unseen'),
    otherFlows: number('otherFlows'),
    peersLeftOut: number('peersLeftOut'),
    namespacesLeftOut: fields['namespacesLeftOut'] === true,
  };
}
