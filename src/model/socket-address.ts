/** Addresses as text, of either family: an IPv6 address is in brackets where a port follows (RFC 3986, 3.2.2). Pure. */

/** `192.0.2.1`, `web`, `[2001:db8::1]`. @param host as it is, or in brackets already */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** An address or a name, and a port, as one word. */
export function socketAddress(host: string, port: number | string): string {
  return `${bracketed(host)}:${port}`;
}
