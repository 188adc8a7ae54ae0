/** Parses /etc/hosts (hosts(5)). Pure. */

/** The addresses of a name, in the order of the file. */
export function addressesInHosts(text: string, name: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return address !== undefined && names.some((one) => one.toLowerCase() === name.toLowerCase())
      ? [address]
      : [];
  });
}
