/** Address families. Pure. */

export type Family = 'IPv4' | 'IPv6';

export function familyOf(address: string): Family {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** Each once, in the order of the addresses. */
export function familiesOf(addresses: readonly string[]): readonly Family[] {
  return [...new Set(addresses.map(familyOf))];
}
