/** Rates of data as people write them. Pure. */

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `500M`, `10Gbit/s`, `1.5g`, in decimal units, as links are sold. @returns bits per second; `undefined`: it is no rate */
export function parseRate(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:bit|bps|b)?(?:\/s)?$/i.exec(text) ?? [];
  const bits = Number(amount) * (UNITS[unit.toLowerCase()] ?? 1);
  return bits > 0 ? bits : undefined;
}
