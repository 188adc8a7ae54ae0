/**
 * What the watcher of drops costs (image/drops), on this machine's kernel: its program by the kernel's own count (bpf_stats), its
 * loader's CPU and memory, and what is left of it after kill -9. A network namespace of its own drops 50,000 packets a second by a
 * rule of nftables, first unwatched. It needs root and the image's tools (buildah). `--seconds N` measures longer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildah, buildImage, nativeArchitecture } from '../cluster/buildah.ts';
import { installPackages } from '../cluster/packages.ts';
import { repoDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { cpuSeconds, type Held, heldBy } from '../e2e/support/programs.ts';

const RATE = 50_000;
const IMAGE = 'localhost/nettools:bench-drops';
const SPACE = `nettools-bench-${process.pid}`;
const STATS = 'kernel.bpf_stats_enabled';
const { values: flags } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const seconds = Number(flags.seconds);

/** Sends UDP at the rate, in bursts of a hundredth of a second, to one port or to as many as there are. */
const SENDER = `use Socket qw(:all); use Time::HiRes qw(time sleep);
my ($rate, $seconds, $ports) = @ARGV;
socket(my $s, AF_INET, SOCK_DGRAM, 0);
my @to = map { pack_sockaddr_in($_, inet_aton('127.0.0.1')) } 1 .. $ports;
my ($begin, $sent) = (time, 0);
while ((my $since = time - $begin) < $seconds) {
  while ($sent < $since * $rate) { send($s, 'x', 0, $to[$sent++ % $ports]) }
  sleep 0.01;
}
print "$sent\\n";`;

interface Cost {
  readonly sent: number;
  /** Of the sender, in seconds. */
  readonly sender: number;
}

async function flood(ports: number): Promise<Cost> {
  const words = ['perl', '-e', SENDER, String(RATE), String(seconds), String(ports)];
  const times = '/usr/bin/env TIMEFORMAT="%U %S" bash -c \'time "$@"\' flood "$@"';
  const { stdout, stderr } = await attempt([
    'ip',
    'netns',
    'exec',
    SPACE,
    'sh',
    '-c',
    times,
    'flood',
    ...words,
  ]);
  const sender = stderr
    .trim()
    .split(' ')
    .reduce((sum, one) => sum + Number(one), 0);
  return { sent: Number(stdout), sender };
}

interface Program {
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
}

const shown = async (kind: keyof Held, id: number): Promise<Program & { bytes_memlock?: number }> =>
  JSON.parse(await run(['bpftool', '-j', kind, 'show', 'id', String(id)]));

/** Of those that there are: others may watch at the same time. */
const left = async (held: Held): Promise<number> => {
  const all = (Object.entries(held) as [keyof Held, readonly number[]][]).flatMap(([kind, ids]) =>
    ids.map((id) => attempt(['bpftool', kind, 'show', 'id', String(id)])),
  );
  return (await Promise.all(all)).filter(({ code }) => code === 0).length;
};

/** What one packet takes, in ns: that of the quietest half second, and of the usual one. */
async function sampled(program: number, during: Promise<unknown>): Promise<readonly [number, number]> {
  const samples: number[] = [];
  let isOver = false;
  void during.finally(() => {
    isOver = true;
  });
  let before = await shown('prog', program);
  while (!isOver) {
    await sleep(500);
    const now = await shown('prog', program);
    const events = (now.run_cnt ?? 0) - (before.run_cnt ?? 0);
    if (events > RATE / 10) samples.push(((now.run_time_ns ?? 0) - (before.run_time_ns ?? 0)) / events);
    before = now;
  }
  samples.sort((a, b) => a - b);
  return [samples[0] ?? Number.NaN, samples[samples.length >> 1] ?? Number.NaN];
}

async function watch(program: readonly string[], ports: number): Promise<void> {
  const argv = [...program, '--for', String(seconds + 60), '--live'];
  const child: ChildProcess = spawn('ip', ['netns', 'exec', SPACE, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  const before = cpuSeconds(child.pid ?? 0);
  const own = heldBy(child.pid ?? 0);
  const flooding = flood(ports);
  const [least, each] = await sampled(own.prog[0] ?? 0, flooding);
  const cost = await flooding;
  const spent = cpuSeconds(child.pid ?? 0) - before;
  const memory = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  const maps = await Promise.all(own.map.map((id) => shown('map', id)));
  const mapped = maps.reduce((sum, map) => sum + (map.bytes_memlock ?? 0), 0);
  child.stdin?.end('end\n');
  await once(child, 'exit');
  const counted = [...printed.matchAll(/"place":.*?"packets":(\d+)/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  const lines = printed.split('\n').filter((line) => line.startsWith('{"now"'));
  console.log(
    [
      `${ports} ${ports === 1 ? 'flow' : 'flows'}: ${cost.sent} packets sent, ${counted} counted`,
      `${each.toFixed(0)} ns each (at least ${least.toFixed(0)}) = ${((each * RATE) / 1e7).toFixed(2)} % (${((least * RATE) / 1e7).toFixed(2)}) of a CPU at ${RATE} a second`,
      `loader ${((spent / seconds) * 100).toFixed(2)} % and ${(Number(memory) / 1024).toFixed(1)} MiB, maps ${(mapped / 2 ** 20).toFixed(1)} MiB`,
      `a line a second of at most ${Math.max(...lines.map(({ length }) => length))} bytes`,
      `sender ${cost.sender.toFixed(2)} s of CPU`,
    ].join('; '),
  );
}

if ((await attempt(['bpftool', 'version'])).code !== 0) await installPackages(['bpftool']);
await buildImage({ name: IMAGE, context: join(repoDir, 'image'), onDebian: true, target: 'slim' });
const container = (await run(buildah(nativeArchitecture, 'from', IMAGE))).trim();
const stats = (await run(['sysctl', '-n', STATS])).trim();
try {
  const root = (await run(buildah(nativeArchitecture, 'mount', container))).trim();
  const loader = (
    await run(['sh', '-c', 'ls -d "$1"/lib64/ld-linux* "$1"/lib/ld-linux* 2>/dev/null | head -1', 'ls', root])
  ).trim();
  const libraries = (
    await run(['sh', '-c', 'dirname "$(find "$1/usr/lib" -name "libbpf.so.1" | head -1)"', 'lib', root])
  ).trim();
  const program = [loader, '--library-path', libraries, `${root}/usr/bin/nettools-drops`];
  await run(['ip', 'netns', 'add', SPACE]);
  const inside = (...words: string[]) => run(['ip', 'netns', 'exec', SPACE, ...words]);
  await inside('ip', 'link', 'set', 'lo', 'up');
  await inside(
    'nft',
    'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in meta l4proto udp drop',
  );
  await run(['sysctl', '-qw', `${STATS}=1`]);
  const plain = await flood(1);
  console.log(`unwatched: ${plain.sent} packets sent; sender ${plain.sender.toFixed(2)} s of CPU`);
  await watch(program, 1);
  // As many as are told apart, and far more.
  await watch(program, 2000);
  await watch(program, 30_000);
  const killed = spawn('ip', ['netns', 'exec', SPACE, ...program, '--for', '60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(killed.stdout, 'data');
  const held = heldBy(killed.pid ?? 0);
  const during = await left(held);
  killed.kill('SIGKILL');
  await once(killed, 'exit');

  await sleep(1500);
  const after = await left(held);
  console.log(`programs, maps and links: ${during} while it watched, ${after} after kill -9`);
  process.exitCode = during > 0 && after === 0 ? 0 : 1;
} finally {
  await run(['sysctl', '-qw', `${STATS}=${stats}`]);
  await attempt(['ip', 'netns', 'del', SPACE]);
  await run(buildah(nativeArchitecture, 'rm', container));
}
