/** Parses /proc/self/status: what this process may really do. Pure. */

/** Bit numbers of linux/capability.h. */
const CAPABILITIES = { NET_BIND_SERVICE: 10, NET_ADMIN: 12, NET_RAW: 13, SYS_PTRACE: 19 } as const;
export type Capability = keyof typeof CAPABILITIES;

/** The effective user and capabilities of a process. */
export interface Privileges {
  readonly uid: number;
  readonly capabilities: readonly Capability[];
}

/** `undefined` when the text is not a status file. */
export function parsePrivileges(text: string): Privileges | undefined {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(text)?.[1];
  const effective = /^CapEff:\s+([0-9a-f]+)/m.exec(text)?.[1];
  if (uid === undefined || effective === undefined) return undefined;
  const bits = BigInt(`0x${effective}`);
  const capabilities = (Object.keys(CAPABILITIES) as Capability[]).filter(
    (name) => (bits >> BigInt(CAPABILITIES[name])) & 1n,
  );
  return { uid: Number(uid), capabilities };
}
