/** Aliases (ExternalName) that stand for an address. Pure. */

/** An IPv4 address, which DNS takes for a name: of others none is a name that the API accepts. */
export function isAddressAlias(externalName = ''): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(externalName);
}
