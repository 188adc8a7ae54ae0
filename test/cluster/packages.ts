/** What the cluster needs from the machine: root, and commands from Debian packages. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { say, step } from './log.ts';
import { attempt, run } from './proc.ts';

/** A command or file, and the Debian package that brings it. */
const needed: readonly (readonly [string, string])[] = [
  ['runc', 'runc'],
  ['tmux', 'tmux'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['iptables', 'iptables'],
  ['nft', 'nftables'],
  ['conntrack', 'conntrack'],
  ['ipset', 'ipset'],
  ['mmdebstrap', 'mmdebstrap'],
  ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring'],
  ['buildah', 'buildah'],
  ['/usr/bin/busybox', 'busybox-static'],
  ['gcc', 'gcc'],
  ['/usr/include/stdlib.h', 'libc6-dev'],
  ['ip', 'iproute2'],
  ['openssl', 'openssl'],
  ['nsenter', 'util-linux'],
  ['sysctl', 'procps'],
  ['curl', 'curl'],
  // What faults and traffic are made with.
  ['socat', 'socat'],
  ['arping', 'iputils-arping'],
  ['ping', 'iputils-ping'],
  ['perl', 'perl'],
  // What targets of this machine are looked at with.
  ['dig', 'bind9-dnsutils'],
  ['tcpdump', 'tcpdump'],
  // What reads our JUnit in tests.
  ['xmllint', 'libxml2-utils'],
];

/** True when a command is on PATH (or, for a name with a slash, when the file exists). */
function isThere(name: string): boolean {
  if (name.includes('/')) return existsSync(name);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** Fails with one clear sentence unless this process may make namespaces, mounts and cgroups. */
export function requireRoot(): void {
  if (process.platform !== 'linux') throw new Error('the test cluster runs on Linux only');
  if (process.getuid?.() !== 0) {
    throw new Error('the test cluster makes network namespaces, mounts and cgroups: run it as root (sudo)');
  }
}

/** Installs Debian packages. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  if (!isThere('apt-get')) {
    throw new Error(
      `apt-get is missing: install these (Debian package names) by hand: ${packages.join(' ')}`,
    );
  }
  await step(`packages ${packages.join(' ')}`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
    // The lists may be old or absent: update them only when the first try shows it.
    if ((await attempt(install, { env })).code === 0) return;
    say('updating the package lists');
    await run(['apt-get', 'update'], { env });
    await run(install, { env });
  });
}

/** Installs what is missing. */
export async function ensurePackages(): Promise<void> {
  const missing = needed.filter(([name]) => !isThere(name)).map(([, name]) => name);
  if (missing.length > 0) await installPackages(missing);
}
