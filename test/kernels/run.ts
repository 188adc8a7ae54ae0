/**
 * Boots kernels of Debian's in virtual machines, in each of which the image's own watcher of drops (image/drops) loads its program
 * and has to name drops of known reasons, or to say in a sentence why it cannot. It needs root, apt and ten minutes, builds the
 * image for the architectures where it is not there, and downloads what it needs. `--only WORD` takes the machine of that name,
 * or else all with that in their name.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildah, buildImage } from '../cluster/buildah.ts';
import { say, step } from '../cluster/log.ts';
import { installPackages } from '../cluster/packages.ts';
import { cacheDir, repoDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { EXPECTED, KERNELS, type Kernel, OF_ONE } from './kernels.ts';

const IMAGE = 'localhost/nettools:kernels';
const BOOT_SECONDS = 600;
/** Debian's package of each. */
const TOOLS = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['qemu-system-aarch64', 'qemu-system-arm'],
  ['depmod', 'kmod'],
  ['cpio', 'cpio'],
  ['zstd', 'zstd'],
  ['xz', 'xz-utils'],
] as const;
/** Of a kernel's modules, what network namespaces, nftables and traffic control take. */
const MODULES = ['kernel/net', 'kernel/lib', 'kernel/crypto', 'kernel/drivers/net/veth*'];

const folder = join(cacheDir(), 'kernels');
const { values: flags } = parseArgs({ options: { only: { type: 'string', default: '' } } });

/** Downloads packages of a suite and unpacks them, without any of this machine's own apt. */
async function unpacked(
  kernel: Pick<Kernel, 'suite' | 'architecture'>,
  names: readonly RegExp[],
): Promise<string> {
  const { suite, architecture } = kernel;
  const root = join(folder, `${suite}-${architecture}`);
  const options = [
    `Dir::State=${root}`,
    `Dir::State::status=${root}/status`,
    `Dir::Cache=${root}/cache`,
    `Dir::Etc::sourcelist=${root}/sources.list`,
    'Dir::Etc::sourceparts=-',
    'Dir::Etc::preferencesparts=-',
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  if (!existsSync(join(root, 'lists'))) {
    mkdirSync(join(root, 'cache/archives/partial'), { recursive: true });
    writeFileSync(join(root, 'status'), '');
    const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(
      join(root, 'sources.list'),
      `deb [signed-by=${keys}] http://deb.debian.org/debian ${suite} main\n`,
    );
    await run(['apt-get', ...options, 'update']);
  }
  const all = (await run(['apt-cache', ...options, 'pkgnames'])).split('\n').sort();
  const found = names.map((name) => {
    const newest = all.findLast((one) => name.test(one));
    if (newest === undefined) throw new Error(`${suite} has no package ${name} of ${architecture}`);
    return newest;
  });
  const tree = join(root, found.join('+'));
  if (existsSync(tree)) return tree;
  const partial = `${tree}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await run(['apt-get', ...options, 'download', ...found], { cwd: partial });
  for (const file of readdirSync(partial).filter((name) => name.endsWith('.deb')))
    await run(['dpkg-deb', '-x', join(partial, file), partial]);
  await run(['mv', partial, tree]);
  return tree;
}

/** The image's own files, guest.sh, and the kernel's modules, as the kernel unpacks them. */
async function initialFiles(kernel: Kernel, tree: string): Promise<string> {
  const { architecture, suite } = kernel;
  const root = join(folder, `root-${suite}-${architecture}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const container = (await run(buildah(architecture, 'from', IMAGE))).trim();
  try {
    const mounted = (await run(buildah(architecture, 'mount', container))).trim();
    await run(['cp', '-a', `${mounted}/.`, root]);
  } finally {
    await run(buildah(architecture, 'rm', container));
  }
  const busybox = await unpacked({ suite: 'trixie', architecture }, [/^busybox-static$/]);
  copyFileSync(join(busybox, 'usr/bin/busybox'), join(root, 'busybox'));
  copyFileSync(join(import.meta.dirname, 'guest.sh'), join(root, 'init'));
  for (const name of ['busybox', 'init']) chmodSync(join(root, name), 0o755);
  const modules = await modulesOf(tree);
  const own = join(root, 'usr/lib/modules', basename(modules));
  mkdirSync(own, { recursive: true });
  if (!existsSync(join(root, 'lib'))) await run(['ln', '-s', 'usr/lib', join(root, 'lib')]);
  const script = `cd "$1" && find ${MODULES.join(' ')} -name '*.ko*' 2>/dev/null | cpio -pdm --quiet "$2"
    cp modules.order modules.builtin* "$2" 2>/dev/null
    find "$2" -name '*.xz' -exec xz -d {} +; find "$2" -name '*.zst' -exec zstd -dq --rm {} +`;
  await run(['sh', '-c', script, 'modules', modules, own]);
  await run(['depmod', '-b', root, basename(modules)]);
  const file = join(folder, `initrd-${suite}-${architecture}`);
  await run(['sh', '-c', 'cd "$1" && find . | cpio -o -H newc --quiet | gzip -1 >"$2"', 'pack', root, file]);
  rmSync(root, { recursive: true, force: true });
  return file;
}

async function modulesOf(tree: string): Promise<string> {
  for (const place of ['lib/modules', 'usr/lib/modules'].map((name) => join(tree, name)))
    for (const version of existsSync(place) ? readdirSync(place) : []) return join(place, version);
  throw new Error(`no modules in ${tree}`);
}

async function kernelIn(tree: string): Promise<string> {
  const found = await run(['find', tree, '-name', 'vmlinuz*', '-type', 'f']);
  return found.split('\n')[0] ?? '';
}

/** What the machine says on its console. */
async function boot({ architecture, words = '' }: Kernel, image: string, files: string): Promise<string> {
  const [program, machine, terminal] =
    architecture === 'amd64'
      ? ['qemu-system-x86_64', [], 'ttyS0']
      : ['qemu-system-aarch64', ['-machine', 'virt'], 'ttyAMA0'];
  const append = `console=${terminal} quiet loglevel=1 panic=-1 ${words}`;
  const { stdout } = await attempt([
    ...['timeout', String(BOOT_SECONDS), program, ...machine, '-cpu', 'max', '-accel', 'tcg'],
    ...['-smp', '2', '-m', '1024', '-nographic', '-no-reboot', '-nic', 'none'],
    ...['-kernel', image, '-initrd', files, '-append', append],
  ]);
  return stdout;
}

interface Place {
  readonly reason: string;
  readonly function: string;
  readonly namespace: string;
  readonly packets: number;
}

/** What is wrong; empty: nothing is. */
function judged({ refusal }: Kernel, text: string): { readonly told: string; readonly problems: string[] } {
  const lines = [...text.matchAll(/nettools-(\w+) ?([^\r\n]*)/g)].map(([, mark = '', rest = '']) => ({
    mark,
    rest,
  }));
  const all = (mark: string): string[] => lines.filter((one) => one.mark === mark).map(({ rest }) => rest);
  const release = all('begin')[0] ?? 'no machine';
  const problems = all('end').length === 1 ? [] : ['it did not come to its end'];
  if (all('left').join() !== '0') problems.push(`of a watcher that was killed is left: ${all('left')}`);
  if (refusal !== undefined) {
    const said = all('err').join('\n');
    if (all('code').join() !== '3' || !refusal.test(said)) problems.push(`it says: ${said}`);
    return { told: `${release}: ${said}`, problems };
  }
  // Each line comes four times, and may be cut (guest.sh).
  const wholeOf = (mark: string) =>
    [...new Set(all(mark))].flatMap((line) => {
      const [, length, text = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
      return text.length === Number(length) ? [JSON.parse(text) as { place?: Place; end?: object }] : [];
    });
  const whole = wholeOf('out');
  if (!whole.some(({ end }) => end !== undefined))
    problems.push(`the watch has no end; code ${all('code')}: ${all('err').join(' / ')}`);
  const places = whole.flatMap(({ place }) => (place === undefined ? [] : [place]));
  const told = EXPECTED.map(([reason, least]) => {
    const own = places.filter((place) => place.reason === reason);
    const packets = own.reduce((sum, place) => sum + place.packets, 0);
    if (packets < least) problems.push(`${reason}: ${packets} packets, and not ${least}`);
    return `${reason} ${packets} (${[...new Set(own.map((place) => place.function))].join(', ')})`;
  });
  const everywhere = wholeOf('every').flatMap(({ place }) => place ?? []);
  for (const [reason, least] of OF_ONE) {
    const spaces = places.filter((one) => one.reason === reason).map(({ namespace }) => namespace);
    const packets = everywhere
      .filter((one) => one.reason === reason && spaces.includes(one.namespace))
      .reduce((sum, one) => sum + one.packets, 0);
    if (packets < least) problems.push(`everywhere, ${reason}: ${packets} packets, and not ${least}`);
  }
  if (places.some((place) => /\W/.test(place.function))) problems.push('a function has no name of C');
  return { told: `${release}: ${told.join('; ')}`, problems };
}

const missing = (
  await Promise.all(
    TOOLS.map(async ([tool, name]) => ((await attempt(['which', tool])).code === 0 ? [] : [name])),
  )
).flat();
if (missing.length > 0) await installPackages(missing);
const isName = KERNELS.some(({ name }) => name === flags.only);
const chosen = KERNELS.filter(({ name }) => (isName ? name === flags.only : name.includes(flags.only)));
for (const architecture of new Set(chosen.map((kernel) => kernel.architecture))) {
  const context = join(repoDir, 'image');
  await buildImage({ name: IMAGE, context, onDebian: true, target: 'slim', architecture });
}
const ready = new Map<string, string>();
let failed = 0;
for (const kernel of chosen) {
  const tree = await unpacked(kernel, kernel.packages);
  const files = ready.get(tree) ?? (await initialFiles(kernel, tree));
  ready.set(tree, files);
  const text = await step(`booted ${kernel.name}`, async () => boot(kernel, await kernelIn(tree), files));
  const { told, problems } = judged(kernel, text);
  say(`  ${told}`);
  for (const problem of problems) say(`  WRONG: ${problem}`);
  if (problems.length > 0) failed++;
}
say(`kernels: ${chosen.length - failed} as expected, ${failed} not`);
process.exitCode = failed === 0 ? 0 : 1;
