/** Patterns of a matrix: faults of pods, of pairs and of nodes, for the test's own pods alone, each named by the built binary. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MatrixReport } from '../../src/model/matrix.ts';
import { until } from '../cluster/proc.ts';
import { app, helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { DualFront } from './dual-front.ts';
import { critical, matrixIn, named, type Place, silent, withRules } from './matrix-runs.ts';
import type { Expected } from './named.ts';
import { nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-matrix');
const NAMES = ['one-0', 'one-1', 'one-2', 'two-0', 'two-1', 'two-2'] as const;
const pods = new Map<string, PodNetns>();

beforeAll(async () => {
  await ns.start(
    ...NAMES.map((name) =>
      pod(name, {
        containers: [app, helper],
        spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' },
      }),
    ),
  );
  for (const name of NAMES) pods.set(name, await podNetns(ns.name, name));
});

const of = (name: string): PodNetns => {
  const found = pods.get(name);
  if (found === undefined) throw new Error(`no pod ${name}`);
  return found;
};
const on = (node: 'one' | 'two'): string[] => NAMES.filter((name) => name.startsWith(node));
const set = (names: readonly string[]): string => `{ ${names.map((name) => of(name).address).join(', ')} }`;

const matrix = (...words: string[]): Promise<MatrixReport> => matrixIn(ns.name, ...words);

const into = (name: string, ...rules: string[]): Place => ({ netns: of(name), hook: 'input', rules });
const outOf = (name: string, ...rules: string[]): Place => ({ netns: of(name), hook: 'output', rules });

/** Numbers are left open: on a busy machine a pair may not be measured, which is told and is no pass. */
interface Case {
  readonly title: string;
  readonly expected: Expected;
  readonly subject?: string;
  readonly places: () => readonly Place[];
  readonly words?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'a pod that takes no new connections',
    expected: critical(
      'NT-MTX-001',
      /^To pod\/two-1 on node2, wherever it comes from: nothing is answered \(\d+ of \d+ pairs\)/,
    ),
    subject: 'pod/two-1',
    places: () => [into('two-1', `ct state new ip saddr ${set(NAMES)} drop`)],
  },
  {
    title: 'a pod that may open none',
    expected: critical(
      'NT-MTX-002',
      /^From pod\/one-2 on node1, wherever it goes: nothing is answered \(\d+ of \d+ pairs\)/,
    ),
    subject: 'pod/one-2',
    places: () => [outOf('one-2', `ct state new ip daddr ${set(NAMES)} drop`)],
  },
  {
    title: 'a pod that loses whatever comes',
    expected: critical(
      'NT-MTX-003',
      /^To pod\/two-0 on node2 and from it: nothing is answered \(\d+ of \d+ pairs\)/,
    ),
    subject: 'pod/two-0',
    places: () => [into('two-0', `ip saddr ${set(NAMES)} drop`)],
  },
  {
    title: 'two pods that lose what comes of each other',
    expected: critical(
      'NT-MTX-004',
      /^Between pod\/\S+ on node\d and pod\/\S+ on node\d, both ways: nothing is answered \(2 of 2/,
    ),
    places: () => [into('one-0', `ip saddr ${of('two-2').address} drop`)],
  },
  {
    title: 'a pod that takes no new connections of one other',
    expected: critical(
      'NT-MTX-005',
      /^From pod\/one-0 on node1 to pod\/two-2 on node2, and not the other way round/,
    ),
    subject: 'pod/one-0 → pod/two-2',
    places: () => [into('two-2', `ct state new ip saddr ${of('one-0').address} drop`)],
  },
  {
    title: 'a node that forwards no new connections of another one',
    expected: critical(
      'NT-MTX-005',
      /^From the pods on node1 to the pods on node2, and not the other way round/,
    ),
    subject: 'node/node1 → node/node2',
    places: () => [
      {
        netns: nodeNetns('node2'),
        hook: 'forward',
        rules: [`ct state new ip saddr ${set(on('one'))} ip daddr ${set(on('two'))} drop`],
      },
    ],
  },
  {
    title: 'nodes that forward nothing of pods to each other',
    expected: critical('NT-MTX-006', /^Between nodes: nothing is answered \(\d+ of \d+ pairs\)/),
    places: () => [
      {
        netns: nodeNetns('node2'),
        hook: 'forward',
        rules: [`ip saddr ${set(on('one'))} ip daddr ${set(on('two'))} drop`],
      },
    ],
  },
  {
    title: 'the same, where the nodes themselves are in the matrix',
    expected: critical(
      'NT-MTX-006',
      /^From any pod to any pod of another node: nothing is answered \(\d of \d pairs\)/,
    ),
    words: ['nodes', '--per-node', '1'],
    places: () => [
      {
        netns: nodeNetns('node2'),
        hook: 'forward',
        rules: [`ip saddr ${set(on('one'))} ip daddr ${set(on('two'))} drop`],
      },
    ],
  },
  {
    title: 'a pod that loses UDP',
    expected: critical(
      'NT-MTX-007',
      /^To pod\/two-1 on node2, wherever it comes from: UDP is not answered, and other probes are/,
    ),
    subject: 'pod/two-1',
    places: () => [into('two-1', `ip saddr ${set(NAMES)} meta l4proto udp drop`)],
  },
  {
    title: 'UDP is lost between nodes',
    expected: critical(
      'NT-MTX-007',
      /^Between nodes: UDP is not answered, and other probes are \(\d+ of \d+ pairs\)/,
    ),
    places: () => [
      {
        netns: nodeNetns('node2'),
        hook: 'forward',
        rules: [
          `meta l4proto udp ip saddr ${set(on('one'))} ip daddr ${set(on('two'))} drop`,
          `meta l4proto udp ip saddr ${set(on('two'))} ip daddr ${set(on('one'))} drop`,
        ],
      },
    ],
  },
  {
    title: 'a pod whose port is reset for one other',
    expected: critical(
      'NT-MTX-007',
      /^From pod\/one-1 on node1 to pod\/two-1 on node2.*TCP connections fail/,
    ),
    places: () => [into('two-1', `ip saddr ${of('one-1').address} tcp dport 8080 reject with tcp reset`)],
  },
  {
    title: 'a pod that drops echo requests',
    expected: {
      id: 'NT-MTX-007',
      severity: 'info',
      says: /^To pod\/two-1 on node2.*echo requests are not answered/,
    },
    places: () => [into('two-1', `ip saddr ${set(NAMES)} icmp type echo-request drop`)],
  },
  {
    title: 'a pod that loses packets above 1300 bytes',
    expected: critical(
      'NT-MTX-008',
      /^To pod\/one-0 on node1.*packets of 1\d+ bytes are not answered, and small ones are, up to 1300 bytes/,
    ),
    subject: 'pod/one-0',
    // What comes: answers to its own large packets are as large.
    places: () => [into('one-0', `ct direction original ip saddr ${set(NAMES)} meta length > 1300 drop`)],
  },
  {
    title: 'the name servers of the pods of one node',
    expected: critical(
      'NT-MTX-010',
      /^From the pods on node2: no answer of the name server \(\d of \d sources; \d others?/,
    ),
    places: () => on('two').map((name) => outOf(name, 'udp dport 53 drop')),
  },
  {
    title: 'the Service kubernetes for the pods of one node',
    expected: critical(
      'NT-MTX-011',
      /^From the pods on node2: no connection to the Service kubernetes \(\d of \d sources/,
    ),
    places: () => on('two').map((name) => outOf(name, 'ip daddr 198.19.0.1 drop')),
  },
  {
    title: 'a pod that loses a third of the echo requests',
    expected: critical(
      'NT-MTX-012',
      /^To pod\/two-1 on node2, wherever it comes from: \d+ of \d+ echo requests are lost/,
    ),
    subject: 'pod/two-1',
    places: () => [
      into('two-1', `ip saddr ${set(NAMES)} icmp type echo-request numgen random mod 100 < 33 drop`),
    ],
  },
  {
    title: 'pods that lose all of each other',
    expected: critical('NT-MTX-013', /^Everywhere: nothing is answered \(\d+ of \d+ pairs\)/),
    places: () => NAMES.map((name) => into(name, `ip saddr ${set(NAMES)} drop`)),
  },
];

test('no fault: silent, six times six', async () => {
  silent(await matrix('pods'));
});

describe('between pods', () => {
  test.each(CASES)('$title', async ({ expected, subject, places, words = [] }) => {
    const report = await withRules(places(), () => matrix('pods', ...words));
    const finding = named(report, expected);
    if (subject !== undefined) expect(finding.subject).toBe(subject);
  });
});

/** What one upload leaves in its queue is the delay of all that has to pass there: 64 KB at 2 Mbit/s are a quarter of a second. */
const QUEUE = 65_536;

/**
 * What a pod sends to one other waits behind an upload to it; nothing else does.
 * @param to absent: what it sends to all waits behind that
 */
async function withQueue<T>(from: string, to: string, isForAll: boolean, work: () => Promise<T>): Promise<T> {
  const own = of(from);
  const narrow = ['rate', '2mbit', 'ceil', '2mbit'];
  const table = 'inet nettools-f-matrix-queue';
  const server = ns.kubectl([
    'exec',
    to,
    '-c',
    'helper',
    '--',
    'timeout',
    '100',
    'socat',
    '-u',
    'TCP-LISTEN:7077,fork,reuseaddr',
    '/dev/null',
  ]);
  const sender = ns.kubectl([
    'exec',
    from,
    '-c',
    'helper',
    '--',
    'timeout',
    '100',
    'socat',
    '-u',
    '/dev/zero',
    `TCP:${of(to).address}:7077,sndbuf=${QUEUE},retry=10,interval=1`,
  ]);
  for (const one of [server, sender]) one.catch(() => undefined);
  try {
    // Without a priority of its own a packet goes by the default class.
    await own.run(
      'tc',
      'qdisc',
      'replace',
      'dev',
      'eth0',
      'root',
      'handle',
      '1:',
      'htb',
      'default',
      isForAll ? '20' : '0',
    );
    await own.run('tc', 'class', 'add', 'dev', 'eth0', 'parent', '1:', 'classid', '1:20', 'htb', ...narrow);
    const chain = `add table ${table}; add chain ${table} c { type filter hook output priority -10; }`;
    const rule = `add rule ${table} c ip daddr ${of(to).address} meta priority set 1:20`;
    if (!isForAll) await own.run('nft', `${chain}; ${rule}`);
    await until('a queue', 30, async () => {
      const [, bytes = '0'] =
        /backlog (\d+)[KMb]/.exec(await own.run('tc', '-s', 'qdisc', 'show', 'dev', 'eth0')) ?? [];
      return Number(bytes) > 0 || 'it is empty';
    });
    return await work();
  } finally {
    await own.attempt('nft', `delete table ${table}`);
    await own.attempt('tc', 'qdisc', 'delete', 'dev', 'eth0', 'root');
    for (const pod of [from, to])
      await ns.kubectl([
        'exec',
        pod,
        '-c',
        'helper',
        '--',
        'sh',
        '-c',
        'pkill -x socat; pkill -x timeout; :',
      ]);
    await Promise.allSettled([server, sender]);
  }
}

describe('answers that take long', () => {
  const slow = (says: RegExp): Expected => ({ id: 'NT-MTX-012', severity: 'warning', says });

  test('of one pair, whose packets wait in a queue', async () => {
    const report = await withQueue('one-1', 'two-2', false, () => matrix('pods'));
    named(report, slow(/^Between pod\/\S+ on node\d and pod\/\S+ on node\d, both ways: /));
  });

  test('of one pod, all of whose packets do', async () => {
    const report = await withQueue('one-1', 'two-2', true, () => matrix('pods'));
    const finding = named(report, slow(/^To pod\/one-1 on node1 and from it: /));
    expect(finding.subject).toBe('pod/one-1');
  });

  test('no fault any more: silent', async () => {
    silent(await matrix('pods'));
  });
});

describe('of two families', () => {
  const SIXES = new Map([
    ['one-0', '2001:db8:71::10'],
    ['one-1', '2001:db8:71::11'],
    ['one-2', '2001:db8:71::12'],
  ]);
  let front: DualFront;
  beforeAll(async () => {
    // On one node, whose bridge joins them: nothing of the node itself is changed.
    for (const [name, address] of SIXES)
      await of(name).run('ip', '-6', 'addr', 'add', `${address}/64`, 'dev', 'eth0', 'nodad');
    front = await DualFront.start(ns.name, SIXES);
  });
  afterAll(async () => {
    front.stop();
    for (const [name, address] of SIXES)
      await of(name).attempt('ip', '-6', 'addr', 'del', `${address}/64`, 'dev', 'eth0');
  });
  const dual = () => matrix(...SIXES.keys(), '-s', front.url);

  test('no fault: silent, and each pair is measured in both', async () => {
    const report = await dual();
    silent(report);
    expect(report.cells.map(({ family }) => family).sort()).toEqual([
      ...Array(6).fill(4),
      ...Array(6).fill(6),
    ]);
  });

  test('a pod that takes no new connections by IPv6', async () => {
    const rule = 'ct state new ip6 saddr 2001:db8:71::/64 drop';
    const report = await withRules([into('one-1', rule)], dual);
    const says = /IPv6 is not answered, and the other family is/;
    expect(named(report, critical('NT-MTX-009', says)).subject).toBe('pod/one-1');
  });
});

test('no fault any more: silent', async () => {
  silent(await matrix('pods'));
});

test('a pod whose address another one has too', async () => {
  const [whole, thief] = [of('one-0'), of('one-1')];
  const steps = [
    { make: `ip addr add ${whole.address}/32 dev eth0`, undo: `ip addr del ${whole.address}/32 dev eth0` },
    // Whoever knew the address is told anew.
    { make: `arping -U -c 2 -I eth0 ${whole.address}`, undo: '' },
  ];
  try {
    const found = named(
      await withFault(thief, steps, () => matrix('pods')),
      critical('NT-MTX-002', /^From pod\/one-0 on node1, wherever it goes: nothing is answered/),
    );
    expect(found.remediation).toMatch(
      /another host may have that address too, and take its answers:\nkubectl nettools arp pod\/one-0 -n \S+$/,
    );
  } finally {
    await whole.attempt('arping', '-c', '2', '-A', '-I', 'eth0', whole.address);
  }
  silent(await matrix('pods'));
});
