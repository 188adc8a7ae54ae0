/** What the prober waits for, and what it does meanwhile; in a network namespace in which packets vanish without a word. */
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProbeCommand } from '../../../src/model/evidence.ts';
import { parseDuplicates, parseUnasked } from '../../../src/parsers/arping.ts';
import { parseNextHop } from '../../../src/parsers/next-hop.ts';
import { parsePathMtu } from '../../../src/parsers/path-mtu.ts';
import { parseConnects } from '../../../src/parsers/tcp-connect.ts';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { PROBE_SCRIPTS, SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { buildProber } from '../prober.ts';
import { mayUnshare, runToEnd } from '../shells.ts';

const DEAD = '203.0.113.1';
/** A link on which nobody takes what is sent. */
const SILENCE = `ip link set lo up && ip link add gone type veth peer name other && ip link set other up &&
  ip link set gone arp off up && ip addr add 192.0.2.1/24 dev gone && ip route add 203.0.113.0/24 dev gone`;

const command = (id: string, ...argv: string[]): ProbeCommand => ({ id, argv, timeoutSeconds: 20 });
const connects = (id: string, to: string, port: string, count: number): ProbeCommand =>
  command(id, 'bash', '-c', PROBE_SCRIPTS.tcpConnect, 'tcp-connect', to, port, `${count}`, '20', '6000');
const echoes = (id: string, to: string, count: number): ProbeCommand =>
  command(id, 'sh', '-c', PROBE_SCRIPTS.ping, 'ping', to, `${count}`, '20', '4');
/** Texts that take the place of scripts which are not of interest here. */
const STANDS_IN = { tls: 'exit 0', duplicates: 'echo own by the script' };
/** It would load the target. */
const LOADS = command('loads', 'sh', '-c', PROBE_SCRIPTS.tls, 'tls');

interface Timed {
  readonly stdout: string;
  /** Centiseconds since boot. */
  readonly start: number;
  readonly end: number;
}

/** Runs one phase in a namespace that `setup` furnishes; in this one where there is nothing to furnish. */
async function runIn(setup: string, ...commands: ProbeCommand[]): Promise<Record<string, Timed>> {
  const plan = { phases: [commands] };
  const script = `${setup} || exit 1; $with "$0"; code=$?; kill $(jobs -p) 2>/dev/null; exit $code`;
  const input = encodePlan(plan, { ...SCRIPT_TEXTS, ...STANDS_IN });
  const inside = setup === '' ? [] : ['unshare', '--net', 'bash', '-c', script];
  const { stdout, stderr } = await runToEnd([...inside, buildProber()], input);
  expect(stderr).toBe('');
  const times = new Map(
    [...stdout.toString().matchAll(/^nettools-result (\S+) \S+ \d+ (\d+) (\d+) /gm)].map((found) => [
      found[1],
      { start: Number(found[2]), end: Number(found[3]) },
    ]),
  );
  const events = new RunnerDecoder(plan).push(stdout);
  const results = events.flatMap((event) => (event.kind === 'result' ? [event.result] : []));
  expect(results).toHaveLength(commands.length);
  return Object.fromEntries(
    results.map(({ id, stdout: said }) => [id, { stdout: said, start: 0, end: 0, ...times.get(id) }]),
  );
}

describe.skipIf(!mayUnshare)('met by silence', () => {
  it('sends the other tries of a series while the first one waits', async () => {
    const { tcp } = await runIn(SILENCE, connects('tcp', DEAD, '80', 50));
    const { tries } = parseConnects(tcp?.stdout ?? '', 0);
    expect(tries.map((t) => t.outcome)).toEqual(Array(6).fill('unanswered'));
    expect(tcp?.stdout).toMatch(/\nbudget\n$/);
    const waited = tries.reduce((sum, { ms }) => sum + ms, 0);
    expect(((tcp?.end ?? 0) - (tcp?.start ?? 0)) * 10).toBeLessThan(waited);
  });

  it('tries once where once was asked for', async () => {
    const { tcp } = await runIn(SILENCE, connects('tcp', DEAD, '80', 1));
    expect(tcp?.stdout).toMatch(/^address \S+\ntry\ngiven up: Connection timed out\nfailed \d+( \d+)?\n$/);
  });

  it.each([
    ['connections', connects('series', DEAD, '80', 50)],
    ['echo requests', echoes('series', DEAD, 50)],
  ])('lets what loads the target begin before the end of a series of %s', async (_name, silent) => {
    const { series, loads } = await runIn(SILENCE, silent, LOADS);
    expect(loads?.end).toBeLessThan(series?.end ?? 0);
  });

  it('goes on with a series that is answered late', async () => {
    // Between the first SYN and the last one of the first try; a busy machine starts a process late.
    const server = `"${process.execPath}" -e '
const add = () => require("node:child_process").execFileSync("ip", ["addr", "add", "${DEAD}/32", "dev", "lo"]);
require("node:net").createServer((socket) => socket.resume()).listen({ host: "0.0.0.0", port: 80, backlog: 64 }, () => setTimeout(add, 1700));
setTimeout(() => process.exit(), 20000)' >/dev/null 2>&1 & until ss -ltnH | grep -q ":80 "; do sleep 0.05; done`;
    const { tcp } = await runIn(`${SILENCE} && { ${server}; }`, connects('tcp', DEAD, '80', 10));
    const { tries } = parseConnects(tcp?.stdout ?? '', 0);
    expect(tries.map((t) => t.outcome)).toEqual(Array(10).fill('connected'));
  });
});

describe.skipIf(!mayUnshare)('a destination that answers echo requests too', () => {
  const lo = 'ip link set lo up && ip addr add 203.0.113.1/32 dev lo';
  /** Nobody listens, and a refusal is an answer. */
  const spared = (count: number, enough: number): ProbeCommand =>
    command('tcp', ...connects('', DEAD, '80', count).argv, `${enough}`);
  const triesOf = (stdout = ''): number => parseConnects(stdout, 0).tries.length;

  it('is connected to as often as is enough, in the same time', async () => {
    const { tcp } = await runIn(lo, echoes('icmp', DEAD, 50), spared(50, 10));
    expect(triesOf(tcp?.stdout)).toBe(10);
    expect((tcp?.end ?? 0) - (tcp?.start ?? 0)).toBeGreaterThan(80);
  });

  it.each([
    ['no echo request goes to it', [spared(20, 10)]],
    ['the echo requests go to another', [echoes('icmp', '127.0.0.1', 20), spared(20, 10)]],
  ])('is connected to as often as was asked for where %s', async (_where, commands) => {
    const { tcp } = await runIn(lo, ...commands);
    expect(triesOf(tcp?.stdout)).toBe(20);
  });

  it('is connected to as often as was asked for once a connection was lost', async () => {
    const lossy = `${lo} && nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp flags syn / syn,ack numgen inc mod 40 == 3 drop'`;
    const { tcp } = await runIn(lossy, echoes('icmp', DEAD, 50), spared(20, 10));
    expect(triesOf(tcp?.stdout)).toBe(20);
  });
});

describe('what leads', () => {
  it('is not waited for to its end', async () => {
    const { first, other } = await runIn(
      '',
      { ...command('first', 'sleep', '1'), leads: true },
      command('other', 'sleep', '0'),
    );
    expect(other?.end).toBeLessThan(first?.end ?? 0);
  });
});

/** @returns its port on 127.0.0.1 */
async function serving(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
  return `${(server.address() as AddressInfo).port}`;
}

describe('with a server', () => {
  it('keeps what loads the target from a series that is answered', async () => {
    const { series, loads } = await runIn('', connects('series', '127.0.0.1', await serving(), 50), LOADS);
    expect(loads?.start).toBeGreaterThanOrEqual(series?.end ?? Number.NaN);
  });

  it('keeps a connection open until its socket has been looked at, and no longer', async () => {
    const port = await serving();
    const sample = ['sh', '-c', 'sleep "$1"; shift; exec "$@"', 'nettools-sample', '0.8', 'cat'];
    const { reach, sockets, watch } = await runIn(
      '',
      command('sockets', ...sample, '/proc/net/tcp'),
      command('reach', 'bash', '-c', PROBE_SCRIPTS.reach, 'reach', 'tcp', '127.0.0.1', port, '4096'),
      command('watch', 'sleep', '2'),
    );
    // The probe's own end, established: ST is 01.
    const remote = `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`;
    expect(sockets?.stdout).toMatch(new RegExp(` ${remote} 01 `));
    expect(reach?.end).toBeGreaterThanOrEqual(sockets?.end ?? Number.NaN);
    expect(reach?.end).toBeLessThan(watch?.end ?? Number.NaN);
  });
});

/** Three hosts on a link: two of them have 192.0.2.2, and the third one this side's own 192.0.2.1. */
const NEIGHBOURS = `furnish() {
    set -e
    ip link set lo up; ip link add bridge type bridge; ip addr add 192.0.2.1/24 dev bridge; ip link set bridge up
    for i in 1 2 3; do
      unshare --net sleep 60 & host=$!
      until [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
      ip link add port$i type veth peer name eth0 netns $host address 02:00:00:00:00:0$i
      ip link set port$i master bridge up
      nsenter -t $host -n ip addr add 192.0.2.$((i < 3 ? 2 : 1))/24 dev eth0
      nsenter -t $host -n ip link set eth0 up
    done
    # The kernel opens a port some time after its carrier is there: a second later where the machine is busy.
    for i in 1 2 3; do
      until bridge link show dev port$i | grep -q ' state forwarding '; do sleep 0.01; done
    done
    set +e
  }; furnish >/dev/null`;
const nextHop = (id: string, to: string): ProbeCommand =>
  command(id, 'sh', '-c', PROBE_SCRIPTS.nextHop, 'next-hop', to, 'ask');

/** A neighbour that refuses as a packet filter does, by ICMP and ICMPv6: from the same CPU, while connect() runs. */
const REFUSING = `furnish() {
    set -e
    ip link set lo up
    unshare --net sleep 60 & host=$!
    until [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
    ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 netns $host address 02:00:00:00:00:02
    ip addr add 192.0.2.1/24 dev eth0; ip addr add 2001:db8::1/64 dev eth0 nodad; ip link set eth0 up
    # Neighbour discovery would take its own second on a link that has just come up.
    ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev eth0
    nsenter -t $host -n sh -e -c '
      ip addr add 192.0.2.2/24 dev eth0; ip addr add 2001:db8::2/64 dev eth0 nodad; ip link set eth0 up
      ip neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev eth0
      nft add table inet refuse; nft "add chain inet refuse in { type filter hook input priority 0; }"
      nft add rule inet refuse in tcp dport 80 reject'
    set +e
  }; furnish >/dev/null`;

describe.skipIf(!mayUnshare)('refused by an ICMP error', () => {
  it.each(['192.0.2.2', '2001:db8::2'])('hears the one for the first SYN to %s', async (to) => {
    const { tcp, reach } = await runIn(
      REFUSING,
      connects('tcp', to, '80', 50),
      command('reach', 'bash', '-c', PROBE_SCRIPTS.reach, 'reach', 'tcp', to, '80', '0'),
    );
    const { tries } = parseConnects(tcp?.stdout ?? '', 0);
    // Who refuses so limits it: three a second apart are enough of 50, and one of the three that a reset would get.
    expect(tries.map((t) => t.outcome)).toEqual(['refused', 'refused', 'refused']);
    const waits = [...(reach?.stdout ?? '').matchAll(/^failed (\d+)$/gm)].map(
      (found) => Number(found[1]) / 1000,
    );
    expect(reach?.stdout).toContain('connect: Connection refused');
    expect(waits).toHaveLength(1);
    // A SYN is sent again after one second.
    for (const ms of [...waits, ...tries.map((t) => t.ms)]) expect(ms).toBeLessThan(900);
  });
});

/** Two next hops to 203.0.113.9, which both have the address; one of them takes packets and answers none. */
const TWO_HOPS = `furnish() {
    set -e
    ip link set lo up; ip link add bridge type bridge; ip addr add 192.0.2.1/24 dev bridge; ip link set bridge up
    for i in 2 3; do
      unshare --net sleep 60 & host=$!
      until [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
      ip link add port$i type veth peer name eth0 netns $host
      ip link set port$i master bridge up
      nsenter -t $host -n sh -e -c "
        ip link set lo up; ip addr add 203.0.113.9/32 dev lo; ip addr add 192.0.2.$i/24 dev eth0; ip link set eth0 up"
      [ $i = 2 ] || nsenter -t $host -n sh -e -c '
        nft add table ip dead; nft "add chain ip dead in { type filter hook input priority 0; }"
        nft add rule ip dead in tcp dport 80 drop'
    done
    ip route add 203.0.113.9 nexthop via 192.0.2.2 nexthop via 192.0.2.3
    sysctl -qw net.ipv4.fib_multipath_hash_policy=1
    set +e
  }; furnish >/dev/null`;

describe.skipIf(!mayUnshare)('with two next hops', () => {
  it('says by which of them the connections went that were lost', async () => {
    const { tcp } = await runIn(TWO_HOPS, connects('tcp', '203.0.113.9', '80', 50));
    const { ways = [] } = parseConnects(tcp?.stdout ?? '', 0);
    const hops = (isAnswered: boolean) => [
      ...new Set(ways.filter((way) => way.isAnswered === isAnswered).map(({ hop }) => hop)),
    ];
    expect(hops(false)).toEqual(['192.0.2.3']);
    expect(hops(true)).toEqual(['192.0.2.2']);
  });
});

describe.skipIf(!mayUnshare)('on a link with neighbours', () => {
  it('hears both of two hosts that have one address, of its own too', async () => {
    const { hop, absent, duplicates } = await runIn(
      NEIGHBOURS,
      nextHop('hop', '192.0.2.2'),
      nextHop('absent', '192.0.2.9'),
      command('duplicates', 'sh', '-c', PROBE_SCRIPTS.duplicates, 'duplicates'),
    );
    const seen = parseNextHop(hop?.stdout ?? '');
    expect(seen).toMatchObject({
      asked: { address: '192.0.2.2', device: 'bridge', answers: { skipped: undefined } },
    });
    const macs = typeof seen === 'object' && 'asked' in seen ? seen.asked?.answers.macs : undefined;
    expect([...(macs ?? [])].sort()).toEqual(['02:00:00:00:00:01', '02:00:00:00:00:02']);
    expect(parseNextHop(absent?.stdout ?? '')).toMatchObject({
      asked: { address: '192.0.2.9', answers: { macs: [], skipped: undefined } },
    });
    expect(absent?.stdout).toMatch(/\nSent 3 probes \(3 broadcast\(s\)\)\nReceived 0 response\(s\)\n$/);
    expect(parseDuplicates(duplicates?.stdout ?? '')).toEqual([
      {
        address: '192.0.2.1',
        device: 'bridge',
        answers: { macs: ['02:00:00:00:00:03'], skipped: undefined },
      },
    ]);
  });

  it('asks for 32 of its own addresses, and says how many it has left out', async () => {
    const many = 'for i in $(seq 1 34); do ip addr add 203.0.113.$i/32 dev bridge; done';
    const { duplicates } = await runIn(
      `${NEIGHBOURS}; ${many}`,
      command('duplicates', 'sh', '-c', PROBE_SCRIPTS.duplicates, 'duplicates'),
    );
    const stdout = duplicates?.stdout ?? '';
    expect(parseDuplicates(stdout)).toHaveLength(32);
    expect(parseUnasked(stdout)).toBe(3);
  });

  it('comes to its end also where more load the target later than run at the same time', async () => {
    const mtu = ['sh', '-c', PROBE_SCRIPTS.pathMtu, 'path-mtu', '192.0.2.2'];
    const { series } = await runIn(
      // Hundreds of programs would take their time.
      `${NEIGHBOURS}; with='env PATH=/nowhere'`,
      ...Array.from({ length: 193 }, (_, i) => command(`mtu${i}`, ...mtu)),
      connects('series', '192.0.2.2', '80', 20),
    );
    const { tries } = parseConnects(series?.stdout ?? '', 0);
    expect(tries.map((t) => t.outcome)).toEqual(Array(20).fill('refused'));
  });

  it('ends a search for the path MTU with the first answer of each size', async () => {
    const { mtu } = await runIn(
      NEIGHBOURS,
      command('mtu', 'sh', '-c', PROBE_SCRIPTS.pathMtu, 'path-mtu', '192.0.2.2'),
    );
    expect(parsePathMtu(mtu?.stdout ?? '')).toMatchObject({
      pathMtu: 1500,
      tries: [
        { size: 84, sent: 1, received: 1 },
        { size: 1500, sent: 1, received: 1 },
      ],
    });
  });
});

describe.skipIf(!mayUnshare)('without NET_RAW', () => {
  it('asks by the tools of the image, which may have a right of their own', async () => {
    const tool = `stand=$(mktemp -d) && printf '#!/bin/sh\\necho "arping $*"\\n' >"$stand/arping" &&
      chmod +x "$stand/arping" && trap 'rm -r "$stand"' EXIT && PATH=$stand:$PATH`;
    const { duplicates, hop } = await runIn(
      `${NEIGHBOURS}; ${tool}; with='setpriv --bounding-set=-net_raw --inh-caps=-net_raw'`,
      command('duplicates', 'sh', '-c', '%script:duplicates%', 'duplicates'),
      nextHop('hop', '192.0.2.2'),
    );
    expect(duplicates?.stdout).toBe('own by the script\n');
    expect(hop?.stdout).toMatch(/\nasked 192\.0\.2\.2 bridge\narping -b -c 2 -w 2 -I bridge 192\.0\.2\.2\n$/);
  });
});
