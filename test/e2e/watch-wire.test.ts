/** `watch` between two network namespaces: what it may say of packets, of name servers, and of time that it did not see. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attempt, run, until } from '../cluster/proc.ts';
import { buildProber } from '../unit/prober.ts';
import { nettools, startNettools, userEnv } from './support/cli.ts';
import { SERVER, WatchPair } from './support/watch-pair.ts';

const env = { PATH: [dirname(buildProber()), userEnv['PATH']].join(delimiter) };
const SECOND = '192.0.2.3';

/** On 53 of SECOND: does not know db.x1 and db.x2, and fails for the root where a file is there. */
const SECOND_SERVER = `
const dgram = require('node:dgram'), fs = require('node:fs');
const dns = dgram.createSocket('udp4');
dns.on('message', (q, from) => {
  const end = 12 + q.subarray(12).indexOf(0) + 5;
  const name = q.toString('latin1', 12, end);
  const code = /x[12]\\0/.test(name) ? 3 : q[12] === 0 && fs.existsSync(process.argv[1]) ? 2 : 0;
  const answer = code === 0 ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 2] : [];
  const head = [q[0], q[1], 0x81, 0x80 | code, 0, 1, 0, code === 0 ? 1 : 0, 0, 0, 0, 0];
  dns.send(Buffer.concat([Buffer.from(head), q.subarray(12, end), Buffer.from(answer)]), from.port, from.address);
});
dns.bind(53, '${SECOND}');
`;

let folder = '';
let flag = '';
let pair: WatchPair;
let second: ChildProcess | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nettools-watch-'));
  flag = join(folder, 'fails');
  pair = await WatchPair.make();
  await pair.there(`ip addr add ${SECOND}/24 dev eth0`);
  const words = [`--net=/run/netns/${pair.name}-s`, process.execPath, '-e', SECOND_SERVER, flag];
  second = spawn('nsenter', words, { stdio: 'ignore' });
});
afterAll(async () => {
  second?.kill('SIGKILL');
  await pair.remove();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;
const words = (...more: readonly string[]): string[] => [
  'watch',
  `netns:${pair.name}`,
  ...more,
  '-o',
  'json',
  '--save',
  join(folder, `run-${runs++}`),
];
const resolvConf = (text: string): void => writeFileSync(join('/etc/netns', pair.name, 'resolv.conf'), text);
interface Told {
  readonly findings: readonly { readonly id: string }[];
}

const ids = (outages: readonly Told[]): string[][] =>
  outages.map(({ findings }) => findings.map(({ id }) => id));

/** Processes of the prober in the namespace, by their verb. */
async function probers(verb: string): Promise<number[]> {
  const { stdout } = await attempt(['ip', 'netns', 'pids', pair.name]);
  return stdout.split('\n').flatMap((pid) => {
    try {
      return pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0${verb}\0`)
        ? [Number(pid)]
        : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

async function prober(verb: string): Promise<number> {
  let found = 0;
  await until(verb, 30, async () => {
    [found = 0] = await probers(verb);
    return found !== 0 || 'it does not run';
  });
  return found;
}

describe('what left', () => {
  it('is seen of sixty destinations of IPv6, so that silence is no filter of its own', async () => {
    const all = Array.from({ length: 60 }, (_, at) => `2001:db8::${(at + 0x100).toString(16)}`);
    // What kernels before 6.8 have, where it is not to be set in a namespace.
    await pair.here('sysctl -qw net.core.optmem_max=20480').catch(() => undefined);
    await pair.here('ip addr replace 2001:db8::1/64 dev eth0 nodad');
    for (const address of all) await pair.there(`ip addr replace ${address}/64 dev eth0 nodad`);
    await pair.filter('there', 'input', 'ip6 daddr 2001:db8::13b tcp dport 5432 drop');
    try {
      const to = all.map((address) => `[${address}]:5432`).join();
      const { stdout, stderr } = await nettools(words('--to', to, '--for', '6s'), {
        env,
      });
      const silent = JSON.parse(stdout).outages.filter(
        ({ evidence }: { evidence: { reason: string } }) => evidence.reason === 'silent',
      );
      expect(silent, stderr).toMatchObject([
        { destination: '[2001:db8::13b]:5432', evidence: { seen: { in: 0 } }, pcap: expect.any(String) },
      ]);
      expect(silent[0].evidence.seen.out).toBeGreaterThan(0);
      expect(ids(silent)).toEqual([['NT-FW-001']]);
      const told = JSON.parse(stdout).outages.flatMap(
        ({ findings, diagnosis }: Told & { diagnosis?: Told }) => [
          ...findings,
          ...(diagnosis?.findings ?? []),
        ],
      );
      expect(ids([{ findings: told }])[0]).not.toContain('NT-FW-002');
    } finally {
      await pair.unfilter('there');
    }
  });

  it('is told as slow where answers come, but too late', async () => {
    const watching = nettools(words('--to', SERVER, '--for', '16s'), { env });
    await sleep(5000);
    await pair.there('tc qdisc add dev eth0 root tbf rate 360bit burst 105b limit 100000');
    await sleep(5000);
    await pair.there('tc qdisc del dev eth0 root');
    const { stdout, stderr } = await watching;
    const { outages, verdict } = JSON.parse(stdout);
    expect(ids(outages), stderr).toEqual([['NT-LAT-001']]);
    expect({ late: outages[0].late > 0, verdict }).toEqual({ late: true, verdict: 'warn' });
  });

  it('was taken by its own filter, from the beginning on, where nothing is translated', async () => {
    await pair.filter('here', 'output', 'tcp dport 5432 drop');
    try {
      const { stdout, stderr } = await nettools(words('--to', `${SERVER}:5432`, '--for', '4s'), {
        env,
      });
      expect(ids(JSON.parse(stdout).outages), stderr).toEqual([['NT-FW-002']]);
    } finally {
      await pair.unfilter('here');
    }
  });
  it('is not told of an address that is translated on the way out, answered before or not', async () => {
    await pair.here('nft add table ip own');
    await pair.here('nft add chain ip own out { type nat hook output priority -100 ; }');
    await pair.here(`nft add rule ip own out ip daddr 198.51.100.7 tcp dport 5432 dnat to ${SERVER}:5432`);
    try {
      const watching = nettools(words('--to', '198.51.100.7:5432', '--for', '12s'), { env });
      await sleep(5000);
      await pair.filter('there', 'input', 'tcp dport 5432 drop');
      await sleep(3000);
      const never = await nettools(words('--to', '198.51.100.7:5432', '--for', '4s'), { env });
      await pair.unfilter('there');
      const { outages } = JSON.parse((await watching).stdout);
      expect(ids(outages)).toEqual([['NT-FW-001']]);
      expect(outages[0].evidence).not.toHaveProperty('seen');
      expect(ids(JSON.parse(never.stdout).outages), never.stderr).toEqual([['NT-FW-001']]);
    } finally {
      await pair.here('nft delete table ip own');
    }
  });
});

describe('names', () => {
  it('are looked up with a search list that has become shorter', async () => {
    resolvConf(`nameserver ${SECOND}\nsearch x1 x2 x3\n`);
    const watching = nettools(words('--to', 'db:5432', '--for', '9s'), { env });
    await sleep(5000);
    resolvConf(`nameserver ${SECOND}\nsearch x3\n`);
    const { stdout, stderr, code } = await watching;
    expect(JSON.parse(stdout), stderr).toMatchObject({ verdict: 'pass', outages: [] });
    expect(code).toBe(0);
  });

  it('are slow, and no outage, where a second server answers; both that fail are one', async () => {
    resolvConf(`nameserver ${SERVER}\nnameserver ${SECOND}\n`);
    const watching = nettools(words('--to', 'db.example.test:5432', '--for', '20s'), { env });
    await sleep(4000);
    await pair.filter('there', 'input', `ip daddr ${SERVER} udp dport 53 drop`);
    await sleep(5000);
    await pair.unfilter('there');
    await sleep(4000);
    await pair.filter('there', 'input', 'udp dport 53 drop');
    await sleep(3000);
    await pair.unfilter('there');
    const { stdout, stderr } = await watching;
    const { outages, destinations, events } = JSON.parse(stdout);
    expect(ids(outages), stderr).toEqual([['NT-DNS-001']]);
    expect(outages[0].evidence.dns).toMatchObject({
      server: SECOND,
      before: { server: SERVER, answer: 'silent' },
    });
    expect(destinations[0].slowNames[0]).toMatchObject({
      server: SERVER,
      answer: 'silent',
      by: SECOND,
      to: expect.any(String),
      findings: [{ id: 'NT-DNS-009', severity: 'warning' }],
    });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'slow', text: expect.stringContaining(`${SERVER} does not reply`) }),
    );
  });

  it('of a DNS server that is watched are not confused with its own answers', async () => {
    resolvConf(`nameserver ${SERVER}\n`);
    const watching = nettools(words('--to', `${SECOND}:53/udp`, '--for', '10s'), { env });
    await sleep(4000);
    writeFileSync(flag, '');
    await sleep(3000);
    rmSync(flag);
    const { stdout, stderr } = await watching;
    const { outages } = JSON.parse(stdout);
    expect(ids(outages), stderr).toEqual([['NT-DNS-004']]);
    expect(outages[0].findings[0].summary).toContain(`${SECOND}, which is watched itself,`);
    expect(outages[0].evidence.dns).toMatchObject({ server: SECOND, name: '.', answer: 'SERVFAIL' });
  });
});

describe('time that was not seen', () => {
  // What another test has watched with, or the first try of the same, ends by itself.
  beforeEach(async () => {
    await until(
      'end of what watched before',
      60,
      async () => (await probers('watch-start')).length === 0 || 'it runs',
    );
  });

  it('is said of a far side that was started anew, and is no pass', async () => {
    const watching = nettools(words('--to', `${SERVER}:5432`, '--for', '14s'), { env });
    const pid = await prober('watch-start');
    await sleep(4000);
    process.kill(pid, 'SIGKILL');
    const { stdout, stderr, code } = await watching;
    expect(JSON.parse(stdout), stderr).toMatchObject({
      verdict: 'unknown',
      ended: 'over',
      outages: [],
      gaps: [{ reason: 'restarted' }],
    });
    expect(code).toBe(3);
  });

  it('is said of probes that a far side without a processor did not send', async () => {
    const watching = nettools(words('--to', `${SERVER}:5432`, '--for', '8s', '--interval', '200ms'), { env });
    const pid = await prober('watch-start');
    await sleep(2000);
    process.kill(pid, 'SIGSTOP');
    await sleep(3000);
    process.kill(pid, 'SIGCONT');
    const { stdout, stderr, code } = await watching;
    const { verdict, outages, destinations } = JSON.parse(stdout);
    expect({ verdict, outages, code }, stderr).toEqual({ verdict: 'unknown', outages: [], code: 3 });
    const [{ sent, missed, unsent }] = destinations;
    expect(missed).toBe(0);
    expect(unsent).toBeGreaterThanOrEqual(14);
    // 40 were due; the last one may not come to its end.
    expect(Math.abs(40 - sent - unsent)).toBeLessThanOrEqual(2);
  });

  it('is none where a reader whose client was cut off has read the last words', async () => {
    const far = (verb: string, ...more: string[]) => [
      'ip',
      'netns',
      'exec',
      pair.name,
      buildProber(),
      verb,
      'cut',
      ...more,
    ];
    const plan = [
      'interval 500',
      'for 2000',
      'away 60000',
      'tally 5000',
      `goal tcp ${SERVER} 5432`,
      'end',
    ].join('\n');
    await run(far('watch-start'), { input: plan });
    const first = await run(far('watch-follow', '0'));
    await sleep(3000);
    const second = await run(far('watch-follow', '0'));
    for (const told of [first, second]) expect(told).toMatch(/^e \d+ over$/m);
    await run(far('watch-stop'));
    await until('its end', 10, async () => (await probers('watch-start')).length === 0 || 'it still runs');
  });

  it('is said of what was overwritten', async () => {
    const all = Array.from({ length: 64 }, (_, at) => `192.0.2.${at + 100}`);
    for (const address of all) await pair.there(`ip addr add ${address}/32 dev lo`);
    await pair.filter('there', 'input', 'tcp dport 5432 numgen random mod 2 0 reject with tcp reset');
    try {
      const to = all.map((address) => `${address}:5432`).join();
      const watching = nettools(words('--to', to, '--for', '35s', '--interval', '100ms'), {
        env,
      });
      const pid = await prober('watch-follow');
      await sleep(1000);
      // It says nothing for 20 s, is ended, and the next one finds that more was told than there is room for.
      process.kill(pid, 'SIGSTOP');
      const { stdout, stderr } = await watching;
      const { gaps, events } = JSON.parse(stdout);
      expect(gaps, stderr.slice(0, 2000)).toContainEqual(expect.objectContaining({ reason: 'overwritten' }));
      expect(events.length).toBeLessThanOrEqual(1002);
    } finally {
      await pair.unfilter('there');
    }
  });

  it('ends at Ctrl-C while it waits to start the far side anew', async () => {
    const { child, outcome } = startNettools(words('--to', `${SERVER}:5432`, '--for', '10m'), 'ignore', {
      env,
    });
    for (let times = 0; times < 4; times++) {
      process.kill(await prober('watch-start'), 'SIGKILL');
      await until('its end', 30, async () => (await probers('watch-follow')).length === 0 || 'it reads on');
    }
    // The fourth pause is 8 s.
    const asked = performance.now();
    child.kill('SIGINT');
    const { stdout, stderr } = await outcome;
    expect(performance.now() - asked, stderr).toBeLessThan(7500);
    expect(JSON.parse(stdout)).toMatchObject({ ended: 'asked' });
  });
});
