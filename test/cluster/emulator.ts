/** Lets this machine run programs of another architecture, by qemu-user and the kernel's binfmt_misc. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from './packages.ts';
import { attempt, run } from './proc.ts';

const binfmt = '/proc/sys/fs/binfmt_misc';
/** qemu's and the kernel's names of Debian's architectures, and the ELF machine number (little endian). */
const emulated: Readonly<Record<string, { readonly name: string; readonly machine: string }>> = {
  amd64: { name: 'x86_64', machine: '\\x3e\\x00' },
  arm64: { name: 'aarch64', machine: '\\xb7\\x00' },
};

/**
 * Registers qemu-user for an architecture. The kernel opens the emulator now and keeps it open ("F"), so that it
 * works in chroots and containers, which have no such file.
 * @throws Error that says why programs of that architecture cannot run here
 */
export async function ensureEmulator(architecture: string): Promise<void> {
  const known = emulated[architecture];
  if (known === undefined) throw new Error(`no emulator is known for ${architecture}`);
  const entry = join(binfmt, `qemu-${known.name}`);
  const emulator = `/usr/bin/qemu-${known.name}-static`;
  if (isUsable(entry)) return;
  if (!existsSync(emulator)) await installPackages(['qemu-user-static']);
  if (!existsSync(join(binfmt, 'register'))) {
    const mounted = await attempt(['mount', '-t', 'binfmt_misc', 'binfmt_misc', binfmt]);
    if (mounted.code !== 0) {
      throw new Error(`programs for ${architecture} cannot run here: ${mounted.stderr.trim()}`);
    }
  }
  // The package's own postinst may have done it just now, once there was something to register with.
  if (isUsable(entry)) return;
  if (existsSync(entry)) writeFileSync(entry, '-1');
  const zeros = '\\x00'.repeat(8);
  const magic = `\\x7fELF\\x02\\x01\\x01\\x00${zeros}\\x02\\x00${known.machine}`;
  const mask = `${'\\xff'.repeat(7)}\\x00${'\\xff'.repeat(8)}\\xfe\\xff\\xff\\xff`;
  writeFileSync(join(binfmt, 'register'), `:qemu-${known.name}:M::${magic}:${mask}:${emulator}:OCF`);
  await run([emulator, '--version']);
}

function isUsable(entry: string): boolean {
  if (!existsSync(entry)) return false;
  const text = readFileSync(entry, 'utf8');
  return text.startsWith('enabled') && /^flags: \S*F/m.test(text);
}
