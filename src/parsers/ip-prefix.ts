/** Addresses and prefixes, IPv4 and IPv6, as numbers. Pure. */

export type AddressFamily = 'inet' | 'inet6';

/** An address range. */
export interface Prefix {
  readonly family: AddressFamily;
  /** The address, its bits beyond `length` as they were written. */
  readonly value: bigint;
  readonly length: number;
}

/** Bits of an address. */
export function bitsOf(family: AddressFamily): number {
  return family === 'inet' ? 32 : 128;
}

/** `198.18.1.0/24`, `198.18.1.2`, `2001:db8::/32`; a zone (`fe80::1%eth0`) is left out. `undefined`: not one. */
export function parsePrefix(text: string): Prefix | undefined {
  const parts = /^([^/%]+)(?:%[^/]*)?(?:\/(\d+))?$/.exec(text);
  if (!parts) return undefined;
  const [, address = '', length] = parts;
  const family = address.includes(':') ? 'inet6' : 'inet';
  const value = family === 'inet' ? parseInet(address) : parseInet6(address);
  const bits = bitsOf(family);
  const n = length === undefined ? bits : Number(length);
  return value === undefined || n > bits ? undefined : { family, value, length: n };
}

/** All addresses of a family. */
export function everything(family: AddressFamily): Prefix {
  return { family, value: 0n, length: 0 };
}

/** Whether an address lies in a prefix. */
export function contains(prefix: Prefix, address: Prefix): boolean {
  if (prefix.family !== address.family || address.length < prefix.length) return false;
  const beyond = BigInt(bitsOf(prefix.family) - prefix.length);
  return prefix.value >> beyond === address.value >> beyond;
}

/** Whether two texts are the same address, however it is written. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  const first = parsePrefix(a);
  const second = parsePrefix(b);
  return (
    first !== undefined &&
    second !== undefined &&
    first.family === second.family &&
    first.value === second.value
  );
}

function parseInet(text: string): bigint | undefined {
  const parts = text.split('.');
  // To some 010 is 8, to others 10: to the C library's inet_pton, and here, it is not an address.
  if (parts.length !== 4 || !parts.every((p) => /^(?:0|[1-9]\d{0,2})$/.test(p) && Number(p) < 256))
    return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseInet6(text: string): bigint | undefined {
  // An IPv4 address at the end stands for the last two groups.
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = embedded?.[2] === undefined ? undefined : parseInet(embedded[2]);
  if (embedded && tail === undefined) return undefined;
  const groupsText =
    tail === undefined
      ? text
      : `${embedded?.[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const halves = groupsText.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...rest];
  if (!groups.every((g) => /^[0-9a-f]{1,4}$/i.test(g))) return undefined;
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
