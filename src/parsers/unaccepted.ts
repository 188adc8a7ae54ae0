/** Parses the output of src/probes/unaccepted.sh: lines of `ss -tneH` (iproute2). Pure. */

/** A connection that waits to be accepted. */
export interface Unaccepted {
  readonly address: string;
  readonly port: number;
  /** Both ends: as long as it lives, nothing else has them. */
  readonly ends: string;
  /** Bytes of the client that wait to be read. */
  readonly received: number;
  readonly line: string;
}

/** A text: why there is nothing to read. */
export function parseUnaccepted(stdout: string): Unaccepted[] | string {
  const missing = /^no (\S+)$/m.exec(stdout)?.[1];
  if (missing !== undefined) return `there is no ${missing}`;
  return stdout.split('\n').flatMap((raw) => {
    const line = raw.trim().replace(/\s+/g, ' ');
    const [, received, , local = '', peer] = line.split(' ');
    const [, address, port] = /^\[?(?:::ffff:)?([0-9a-f.:]+?)(?:%[^\]:]*)?\]?:(\d+)$/i.exec(local) ?? [];
    if (address === undefined || peer === undefined || !line.includes(' ino:0 ')) return [];
    return [{ address, port: Number(port), ends: `${local} ${peer}`, received: Number(received), line }];
  });
}
