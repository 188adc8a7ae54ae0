/**
 * The neighbour table belongs to the machine, so every pod, container and namespace on it sees it full: nothing runs beside
 * these faults.
 */
import { beforeAll, expect, test } from 'vitest';
import { run, until } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { ABSENT_HERE, seenIn } from './causes.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-neighbours');
const arp = () => checkReport('arp', ['client', '-n', ns.name]);
const firewall = (to: string) => checkReport('firewall', ['client', '-n', ns.name, '--to', to]);

beforeAll(() => ns.start(pod('client', { spec: { nodeName: 'node1' } })));

const LIMIT = 'net.ipv4.neigh.default.gc_thresh3';

/** The limit is lowered for one run. */
async function withLimit<T>(limit: number, work: () => Promise<T>): Promise<T> {
  const before = (await run(['sysctl', '-n', LIMIT])).trim();
  try {
    await run(['sysctl', '-qw', `${LIMIT}=${limit}`]);
    return await work();
  } finally {
    await run(['sysctl', '-qw', `${LIMIT}=${before}`]);
  }
}

async function entries(): Promise<number> {
  const text = await run(['ip', '-j', '-s', 'ntable', 'show', 'name', 'arp_cache']);
  const all = JSON.parse(text) as { readonly entries?: number }[];
  return all[0]?.entries ?? 0;
}

/** Others come and go meanwhile: as far from 80 % as from an overflow, and again when it was not so until the end. */
async function nearlyFull(): ReturnType<typeof arp> {
  for (let run = 1; ; run++) {
    const limit = Math.ceil((await entries()) / 0.9);
    const { report, left } = await withLimit(limit, async () => ({
      report: await arp(),
      left: await entries(),
    }));
    if (left > 0.8 * limit && left < limit) return report;
    expect(run, 'runs in which the table did not stay nearly full').toBeLessThan(10);
  }
}

/** 250 neighbours that nobody is, looked for again and again. */
const flood = (pause: string) => [
  'bash',
  '-c',
  `while :; do for n in {2..251}; do echo > /dev/udp/203.0.113.$n/9; done 2>/dev/null; sleep ${pause}; done`,
];

/**
 * Entries in the making may not be thrown out: a namespace of its own makes more than there may be.
 * @param pause between two rounds, in seconds: a short one leaves no place free for long
 */
async function whileItOverflows(pause: string, work: () => Promise<void>): Promise<void> {
  const netns = 'ntfaults-arp';
  const limit = 160;
  try {
    await run(['ip', 'netns', 'add', netns]);
    await run(['ip', '-n', netns, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1']);
    await run(['ip', '-n', netns, 'addr', 'add', '203.0.113.1/24', 'dev', 'v0']);
    await run(['ip', '-n', netns, 'link', 'set', 'v0', 'up']);
    await run(['ip', '-n', netns, 'link', 'set', 'v1', 'up']);
    await withLimit(limit, () =>
      withTraffic(`/run/netns/${netns}`, flood(pause), async () => {
        await until('a full table', 60, async () => (await entries()) >= limit || `${await entries()}`);
        await work();
      }),
    );
  } finally {
    await run(['ip', 'netns', 'del', netns]);
  }
}

test('NT-ARP-003: the table is nearly full', async () => {
  // The session's own entries are there already.
  expectSilence(await arp());
  expectFirst(await nearlyFull(), {
    id: 'NT-ARP-003',
    severity: 'warning',
    says: /neighbour table has \d+ of \d+ entries \(\d+ %\)/,
  });
  expectSilence(await arp());
});

test('NT-ARP-003: the table overflows', async () => {
  await whileItOverflows('1', async () => {
    expectFirst(await arp(), {
      id: 'NT-ARP-003',
      severity: 'critical',
      says: /neighbour table overflowed \d+ times? during the run/,
    });
  });
  expectSilence(await arp());
});

test('a full table is told apart from other causes of silence', async () => {
  // The session has to be there: with a full table nothing new can be reached at all.
  await arp();
  await whileItOverflows('0.1', async () => {
    const report = await firewall(`${ABSENT_HERE.replace('250', '249')}:80`);
    expectFirst(report, {
      id: 'NT-ARP-003',
      severity: 'critical',
      says: /neighbour table is full .*no answer within/,
    });
    expect(seenIn(report).kind).toBe('neighbour-table-full');
  });
});
