/** What the prober waits for, and what it does meanwhile; in a network namespace in which packets vanish without a word. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ProbeCommand } from '../../../src/model/evidence.ts';
import { parseDuplicates } from '../../../src/parsers/arping.ts';
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

/** Runs one phase in a namespace that `setup` furnishes. */
async function runIn(setup: string, ...commands: ProbeCommand[]): Promise<Record<string, Timed>> {
  const plan = { phases: [commands] };
  const script = `${setup} || exit 1; $with "$0"; code=$?; kill $(jobs -p) 2>/dev/null; exit $code`;
  const input = encodePlan(plan, { ...SCRIPT_TEXTS, ...STANDS_IN });
  const { stdout, stderr } = await runToEnd(['unshare', '--net', 'bash', '-c', script, buildProber()], input);
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
    expect(tries.map((t) => t.outcome)).toEqual(Array(3).fill('unanswered'));
    expect(tcp?.stdout).toMatch(/\nbudget\n$/);
    const waited = tries.reduce((sum, { ms }) => sum + ms, 0);
    expect(((tcp?.end ?? 0) - (tcp?.start ?? 0)) * 10).toBeLessThan(waited);
  });

  it('tries once where once was asked for', async () => {
    const { tcp } = await runIn(SILENCE, connects('tcp', DEAD, '80', 1));
    expect(tcp?.stdout).toMatch(/^address \S+\ntry\ngiven up: Connection timed out\nfailed \d+\n$/);
  });

  it.each([
    ['connections', connects('series', DEAD, '80', 50)],
    ['echo requests', echoes('series', DEAD, 50)],
  ])('lets what loads the target begin before the end of a series of %s', async (_name, silent) => {
    const { series, loads } = await runIn(SILENCE, silent, LOADS);
    expect(loads?.end).toBeLessThan(series?.end ?? 0);
  });

  it('goes on with a series that is answered late', async () => {
    const server = `python3 -c '
import socket, subprocess, time
s = socket.create_server(("0.0.0.0", 80), backlog=64)
time.sleep(1.7)
subprocess.check_call(["ip", "addr", "add", "${DEAD}/32", "dev", "lo"])
time.sleep(20)' >/dev/null 2>&1 & sleep 0.2`;
    const { tcp } = await runIn(`${SILENCE} && { ${server}; }`, connects('tcp', DEAD, '80', 10));
    const { tries } = parseConnects(tcp?.stdout ?? '', 0);
    expect(tries.map((t) => t.outcome)).toEqual(Array(10).fill('connected'));
  });
});

describe('what leads', () => {
  it('is not waited for to its end', async () => {
    const { first, other } = await runIn(
      ':',
      { ...command('first', 'sleep', '1'), leads: true },
      command('other', 'sleep', '0'),
    );
    expect(other?.end).toBeLessThan(first?.end ?? 0);
  });
});

describe('what loads the target', () => {
  it('waits for a series that is answered', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = `${(server.address() as AddressInfo).port}`;
    try {
      const plan = { phases: [[connects('series', '127.0.0.1', port, 50), LOADS]] };
      const input = encodePlan(plan, { ...SCRIPT_TEXTS, ...STANDS_IN });
      const { stdout } = await runToEnd([buildProber()], input);
      const of = (id: string): RegExpExecArray | null =>
        new RegExp(`^nettools-result ${id} \\S+ \\d+ (\\d+) (\\d+) `, 'm').exec(stdout.toString());
      expect(Number(of('loads')?.[1])).toBeGreaterThanOrEqual(Number(of('series')?.[2]));
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
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
    set +e
  }; furnish >/dev/null`;
const nextHop = (id: string, to: string): ProbeCommand =>
  command(id, 'sh', '-c', PROBE_SCRIPTS.nextHop, 'next-hop', to, 'ask');

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
