/**
 * Parses a file of /proc/pressure. Pure.
 * @returns the share of the last ten seconds in which some task waited for the resource, 0 to 1; `undefined` where the
 * kernel does not tell (Documentation/accounting/psi.rst)
 */
export function parsePressure(text: string): number | undefined {
  const percent = /^some avg10=(\d+\.\d+) /m.exec(text)?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}
