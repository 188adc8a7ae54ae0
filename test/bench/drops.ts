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

const RATE = 50_000;
const IMAGE = 'localhost/nettools:bench-drops';
const SPACE = `nettools-bench-${process.pid}`;
const STATS = 'kernel.bpf_stats_enabled';
/** USER_HZ, in which the kernel tells processes' times (proc_pid_stat(5)). */
const TICK_SECONDS = 0.01;
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

function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
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
  readonly name?: string;
  readonly run_time_ns?: number;
  readonly run_cnt?: number;
}

const shown = async (
  kind: 'prog' | 'map' | 'link',
): Promise<readonly (Program & { bytes_memlock?: number })[]> =>
  JSON.parse((await run(['bpftool', '-j', kind, 'show'])) || '[]');

const counts = async (): Promise<string> => {
  const all = await Promise.all((['prog', 'map', 'link'] as const).map(shown));
  return all.map(({ length }) => length).join('/');
};

/** Of all that there are: nobody else loads any while this runs. */
const mapBytes = async (): Promise<number> =>
  (await shown('map')).reduce((sum, map) => sum + (map.bytes_memlock ?? 0), 0);

async function watch(program: readonly string[], ports: number): Promise<void> {
  const argv = [...program, '--for', String(seconds + 4), '--live'];
  // What was there before is freed after a grace period of RCU.
  await sleep(1500);
  const others = await mapBytes();
  const child: ChildProcess = spawn('ip', ['netns', 'exec', SPACE, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  const before = cpuSeconds(child.pid);
  const cost = await flood(ports);
  const spent = cpuSeconds(child.pid) - before;
  const own = (await shown('prog')).find(({ name }) => name === 'on_drop');
  const each = (own?.run_time_ns ?? 0) / (own?.run_cnt ?? 1);
  const memory = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  const mapped = (await mapBytes()) - others;
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
      `${each.toFixed(0)} ns each = ${((each * RATE) / 1e7).toFixed(2)} % of a CPU at ${RATE} a second`,
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
  await watch(program, 30_000);
  await sleep(1500);
  const before = await counts();
  const killed = spawn('ip', ['netns', 'exec', SPACE, ...program, '--for', '60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(killed.stdout, 'data');
  const during = await counts();
  killed.kill('SIGKILL');
  await once(killed, 'exit');

  await sleep(1500);
  const after = await counts();
  console.log(`programs, maps, links: ${before} before, ${during} while it watched, ${after} after kill -9`);
  process.exitCode = after === before ? 0 : 1;
} finally {
  await run(['sysctl', '-qw', `${STATS}=${stats}`]);
  await attempt(['ip', 'netns', 'del', SPACE]);
  await run(buildah(nativeArchitecture, 'rm', container));
}
