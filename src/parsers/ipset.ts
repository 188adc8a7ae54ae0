/** Parses `ipset save` (ipset 7): sets of addresses, networks and ports, by their names. Pure. */

export interface IpSet {
  /** `hash:ip,port`, `list:set`, `bitmap:port`. */
  readonly type: string;
  /** As ipset takes them: `198.18.1.2,tcp:8080`. */
  readonly members: readonly string[];
}

export function parseIpsets(save: string): ReadonlyMap<string, IpSet> {
  const sets = new Map<string, { readonly type: string; readonly members: string[] }>();
  for (const line of save.split('\n')) {
    const [verb, name = '', value = '', ...options] = line.split(' ');
    if (verb === 'create') sets.set(name, { type: value, members: [] });
    // Such a one is left out of a network that another one is.
    if (verb === 'add' && !options.includes('nomatch')) sets.get(name)?.members.push(value);
  }
  return sets;
}
