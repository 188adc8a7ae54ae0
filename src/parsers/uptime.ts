/**
 * Parses /proc/uptime, alone or among other files. Pure.
 * @returns seconds since the start of the node; `undefined` where the file could not be read
 */
export function parseUptime(text: string): number | undefined {
  const seconds = /^(\d+\.\d+) \d+\.\d+$/m.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
