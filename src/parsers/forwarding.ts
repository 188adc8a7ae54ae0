/** Parses the forwarding files of /proc/sys/net/ipv4/conf and /proc/sys/net/ipv6/conf as `grep -H .` prints them. Pure. */
import type { AddressFamily } from './ip-prefix.ts';

/** Whether each interface forwards what comes in through it, by its name; `all` and `default` are among them. */
export type Forwarding = Readonly<Record<AddressFamily, ReadonlyMap<string, boolean>>>;

/** `undefined` when the files could not be read. */
export function parseForwarding(stdout: string): Forwarding | undefined {
  const inet = new Map<string, boolean>();
  const inet6 = new Map<string, boolean>();
  for (const [, version, name = '', value] of stdout.matchAll(
    /\/net\/ipv([46])\/conf\/([^/\n]+)\/forwarding:(\d+)/g,
  )) {
    (version === '4' ? inet : inet6).set(name, value !== '0');
  }
  return inet.has('all') ? { inet, inet6 } : undefined;
}
