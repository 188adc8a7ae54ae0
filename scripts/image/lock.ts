import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { imageDir, imageTargets, packagesOf, readTools } from './tools.ts';

/** Debian's names of the architectures that the images are made for. They are OCI's too. */
export const architectures = ['amd64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** What has a lock: the images, and the stage that compiles the project's own programs for both. */
export const lockedStages = [...imageTargets, 'prober'] as const;
export type LockedStage = (typeof lockedStages)[number];

/** What the project's programs are compiled with; nothing of it but the C library's objects gets into an image. */
const compiler = ['gcc', 'gcc-bpf', 'libbpf-dev', 'libc6-dev'];

const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const sources = [
  `deb [signed-by=${keyring}] http://deb.debian.org/debian ${suite} main`,
  `deb [signed-by=${keyring}] http://deb.debian.org/debian ${suite}-updates main`,
  `deb [signed-by=${keyring}] http://security.debian.org/debian-security ${suite}-security main`,
];

/** One package as a lock has it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the .deb file, in hex. */
  readonly sha256: string;
}

/** @returns the path of a lock */
export function lockFile(image: LockedStage, architecture: Architecture): string {
  return path.join(imageDir, 'locks', `${image}-${architecture}.lock`);
}

/** @returns the packages of a lock's text; lines that are none are left out */
export function parseLock(text: string): readonly LockedPackage[] {
  return Array.from(
    text.matchAll(/^([a-z0-9][a-z0-9.+-]*)=(\S+) ([0-9a-f]{64})$/gm),
    ([, name = '', version = '', sha256 = '']) => ({ name, version, sha256 }),
  );
}

function lockText(
  image: LockedStage,
  architecture: Architecture,
  packages: readonly LockedPackage[],
): string {
  const lines = packages.map(({ name, version, sha256 }) => `${name}=${version} ${sha256}`);
  return [
    `# Every package of the ${image === 'prober' ? 'stage' : 'image'} "${image}" for ${architecture} (Debian ${suite}), and the SHA-256 of its file.`,
    '# Made by "npm run image:lock" from tools.list: do not edit. install.sh reads it.',
    ...lines,
    '',
  ].join('\n');
}

/** An apt of its own, for any architecture, that knows Debian's package lists and has nothing installed. */
class Apt {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-lock-'));

  constructor(architecture: Architecture) {
    for (const folder of [
      'etc/apt/apt.conf.d',
      'etc/apt/preferences.d',
      'var/lib/apt/lists/partial',
      'var/lib/dpkg',
      'var/cache/apt/archives/partial',
    ]) {
      mkdirSync(path.join(this.folder, folder), { recursive: true });
    }
    writeFileSync(path.join(this.folder, 'var/lib/dpkg/status'), '');
    writeFileSync(path.join(this.folder, 'etc/apt/sources.list'), `${sources.join('\n')}\n`);
    const settings = {
      Dir: this.folder,
      'Dir::State::status': path.join(this.folder, 'var/lib/dpkg/status'),
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'APT::Install-Recommends': 'false',
      // Its folder is readable for us alone.
      'APT::Sandbox::User': 'root',
    };
    writeFileSync(
      path.join(this.folder, 'apt.conf'),
      Object.entries(settings)
        .map(([name, value]) => `${name} "${value}";\n`)
        .join(''),
    );
    this.run('apt-get', 'update', '-q=2');
  }

  run(command: string, ...args: readonly string[]): string {
    return execFileSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, APT_CONFIG: path.join(this.folder, 'apt.conf'), LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 28,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const fieldOf = (stanza: string, name: string): string =>
  stanza.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1] ?? '';

/** The packages that every Debian has, apt among them: what debootstrap calls minbase. */
function basePackages(apt: Apt): readonly string[] {
  const stanzas = apt.run('apt-cache', 'dumpavail').split('\n\n');
  const base = stanzas.filter(
    (one) => fieldOf(one, 'Priority') === 'required' || fieldOf(one, 'Essential') === 'yes',
  );
  return [...new Set(['apt', ...base.map((one) => fieldOf(one, 'Package'))])].sort();
}

function resolve(apt: Apt, wanted: readonly string[]): readonly LockedPackage[] {
  const plan = apt.run('apt-get', 'install', '--simulate', ...wanted);
  const pinned = Array.from(
    plan.matchAll(/^Inst (\S+) \((\S+)/gm),
    ([, name, version]) => `${name}=${version}`,
  );
  const records = apt.run('apt-cache', 'show', ...pinned).split('\n\n');
  const hashes = new Map(
    records.map((one) => [`${fieldOf(one, 'Package')}=${fieldOf(one, 'Version')}`, fieldOf(one, 'SHA256')]),
  );
  return pinned.sort().map((one) => {
    const [name = '', version = ''] = one.split('=');
    const sha256 = hashes.get(one);
    if (!sha256) throw new Error(`no SHA-256 for ${one}`);
    return { name, version, sha256 };
  });
}

/**
 * Resolves tools.list against Debian's mirrors of now, for every image and architecture.
 * @param write false: only compare
 * @returns one sentence for each difference from the locks that are there
 */
export function updateLocks(write: boolean): readonly string[] {
  const groups = readTools();
  const differences: string[] = [];
  for (const architecture of architectures) {
    const apt = new Apt(architecture);
    try {
      const base = basePackages(apt);
      for (const image of lockedStages) {
        const file = lockFile(image, architecture);
        const wanted = image === 'prober' ? compiler : packagesOf(groups, image);
        const packages = resolve(apt, [...base, ...wanted]);
        differences.push(...compare(`${image}-${architecture}`, readLock(file), packages));
        if (write) writeFileSync(file, lockText(image, architecture, packages));
      }
    } finally {
      apt.remove();
    }
  }
  return differences;
}

function readLock(file: string): readonly LockedPackage[] {
  try {
    return parseLock(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
}

function compare(
  lock: string,
  old: readonly LockedPackage[],
  now: readonly LockedPackage[],
): readonly string[] {
  const before = new Map(old.map((one) => [one.name, one]));
  const after = new Set(now.map((one) => one.name));
  return [
    ...now.flatMap(({ name, version, sha256 }) => {
      const known = before.get(name);
      if (known === undefined) return [`${lock}: ${name} ${version} is new`];
      if (known.version !== version) return [`${lock}: ${name} ${known.version} → ${version}`];
      return known.sha256 === sha256 ? [] : [`${lock}: ${name} ${version} has another file`];
    }),
    ...old.filter((one) => !after.has(one.name)).map((one) => `${lock}: ${one.name} is gone`),
  ];
}
