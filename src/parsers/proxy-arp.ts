/** Parses the proxy_arp files of /proc/sys/net/ipv4/conf as `grep -H .` prints them. Pure. */

/**
 * Whether an interface may answer ARP for others: that of all or its own is 1 (IN_DEV_PROXY_ARP of the kernel's
 * include/linux/inetdevice.h). `undefined` when the files could not be read.
 */
export function parseProxyArp(stdout: string): ((device: string) => boolean | undefined) | undefined {
  const values = new Map(
    Array.from(stdout.matchAll(/\/conf\/([^/\n]+)\/proxy_arp:(\d+)/g), ([, name = '', value]) => [
      name,
      value !== '0',
    ]),
  );
  const all = values.get('all');
  return all === undefined ? undefined : (device) => all || values.get(device);
}
