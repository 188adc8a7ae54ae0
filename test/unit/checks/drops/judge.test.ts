import { describe, expect, it } from 'vitest';
import { findingOf } from '../../../../src/checks/drops/classify.ts';
import type { DropsInput } from '../../../../src/checks/drops/facts.ts';
import { judgeDrops } from '../../../../src/checks/drops/judge.ts';
import { DROP_RULES } from '../../../../src/checks/drops/rules/index.ts';
import { dropsTables } from '../../../../src/checks/drops/tables.ts';
import { HARMLESS } from '../../../../src/checks/shared/drops/harmless.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import { evidence, named, result } from '../results.ts';
import { type Drop, OWN, watchText } from './watch.ts';

const POD = '4026532345';
const LIST = [
  'root\t/proc/1/root',
  `own\t${OWN}`,
  `host\t${OWN}`,
  `process\t${POD}\t700\t50\t/kubepods/pod11111111-2222-3333-4444-555555555555/${'a'.repeat(64)}\tpause`,
  `link\t${POD}\t[{"ifindex":2,"ifname":"eth0","operstate":"UP","addr_info":[{"local":"198.51.100.7","prefixlen":24,"scope":"global"}]}]`,
  'done\n',
].join('\n');

const machine: DropsInput = {
  durationMs: 30_000,
  scope: 'machine',
  isHost: true,
  root: '/proc/1/root',
  peers: [],
  own: [],
  names: { '198.51.100.7': 'shop/web-0', '198.51.100.8': 'svc shop/db' },
};
const asked: DropsInput = { ...machine, peers: [{ host: '198.51.100.8', port: 5432 }] };

function judged(
  drops: readonly Drop[],
  input = machine,
  end: Parameters<typeof watchText>[1] = {},
): Judgement {
  return judgeDrops(evidence({ drops: result(watchText(drops, end)), namespaces: result(LIST) }), input);
}

const all = ({ findings }: Judgement): string[] => findings.map((f) => `${f.id} ${f.severity}`);

describe('a drop', () => {
  it.each([
    ['NETFILTER_DROP', 'nf_hook_slow', 'NT-DROP-001 info'],
    ['IP_RPFILTER', 'ip_rcv_finish_core', 'NT-DROP-002 warning'],
    ['NEIGH_FAILED', 'arp_error_report', 'NT-DROP-003 warning'],
    ['IP_INHDR', 'ip_forward', 'NT-DROP-010 info'],
    ['IP_INHDR', 'ip6_forward', 'NT-DROP-010 info'],
    ['IP_INHDR', 'ip_rcv_core', 'NT-DROP-015 warning'],
    ['NO_SOCKET', 'tcp_v4_rcv', 'NT-DROP-012 info'],
    ['NO_SOCKET', 'cookie_v6_check', 'NT-DROP-006 warning'],
    ['CPU_BACKLOG', 'enqueue_to_backlog', 'NT-DROP-008 warning'],
    ['XDP', 'do_xdp_generic', 'NT-DROP-014 info'],
    ['SOMETHING_NEW', 'f', 'NT-DROP-019 info'],
    ['NOT_SPECIFIED', 'ip_error', 'NT-DROP-004 warning'],
    ['NOT_SPECIFIED', 'ip6_fragment', 'NT-DROP-011 info'],
    ['NOT_SPECIFIED', 'neigh_invalidate', 'NT-DROP-003 warning'],
    ['NOT_SPECIFIED', 'do_xdp_generic', 'NT-DROP-014 info'],
    ['NOT_SPECIFIED', 'some_function', 'NT-DROP-019 info'],
  ])('for %s in %s is %s', (reason, name, expected) => {
    expect(all(judged([{ reason, function: name }]))).toEqual([expected]);
  });

  it.each([
    ['QUEUE_PURGE', 'sk_stream_kill_queues'],
    ['TCP_OLD_DATA', 'tcp_data_queue'],
    ['NOT_SPECIFIED', 'tcp_v4_rcv'],
    ['NOT_SPECIFIED', 'icmpv6_rcv'],
    ['NOT_SPECIFIED', 'inet_sock_destruct'],
    ['NO_SOCKET', 'ping_rcv'],
    ['NO_SOCKET', 'icmp_rcv'],
  ])('for %s in %s is harmless', (reason, name) => {
    const judgement = judged([{ reason, function: name, packets: 5 }]);
    expect(judgement).toMatchObject({ status: 'pass', findings: [] });
    expect(judgement.summary).toBe(
      'In 30 s the kernel dropped 0 packets that may matter, and 5 for harmless reasons.',
    );
    expect(judgement.measurements).toMatchObject({ drops: [], harmless: [{ reason, packets: 5 }] });
  });

  it('is said with its place, its flow by name, and the interface', () => {
    const judgement = judged([{ reason: 'NETFILTER_DROP', namespace: POD, packets: 4 }]);
    expect(judgement.findings[0]).toMatchObject({
      summary:
        '4 packets were dropped in pod shop/web-0 by a rule of netfilter (NETFILTER_DROP in nf_hook_slow): TCP shop/web-0 → svc shop/db:5432; which rule that is could not be told: the rules of pod shop/web-0 are read where it is the TARGET.',
      evidence: [{ excerpt: expect.stringContaining('at eth0') }],
    });
    expect(judgement.measurements['drops']).toEqual([
      {
        reason: 'NETFILTER_DROP',
        function: 'nf_hook_slow',
        finding: 'NT-DROP-001',
        place: { kind: 'pod', name: 'shop/web-0', inode: POD },
        packets: 4,
        interface: 'eth0',
        flow: {
          text: 'TCP shop/web-0 → svc shop/db:5432',
          protocol: 'TCP',
          source: { address: '198.51.100.7', name: 'shop/web-0', port: null },
          destination: { address: '198.51.100.8', name: 'svc shop/db', port: 5432 },
        },
      },
    ]);
  });

  it('is a warning where the flow was asked for', () => {
    expect(named(judged([{ reason: 'NETFILTER_DROP' }], asked))).toEqual(['NT-DROP-001 warning']);
    expect(named(judged([{ reason: 'SOMETHING_NEW' }], asked))).toEqual([]);
  });

  it('is one finding for each namespace, and one for those beyond the fifth', () => {
    const drops = Array.from({ length: 8 }, (_, i) => ({
      reason: 'IP_RPFILTER',
      namespace: String(4026533000 + i),
      packets: 8 - i,
    }));
    const { findings } = judged(drops);
    expect(findings).toHaveLength(6);
    expect(findings[5]?.summary).toBe(
      '6 packets were dropped in 3 other namespaces by reverse path filtering.',
    );
  });

  it('says that there are flows besides those that are told', () => {
    const text = watchText([{ reason: 'IP_RPFILTER', packets: 3 }]).replace('"packets":3', '"packets":9');
    const { findings } = judgeDrops(evidence({ drops: result(text), namespaces: result(LIST) }), machine);
    expect(findings[0]?.summary).toMatch(
      /^9 packets .*: TCP \S+ → svc \S+:5432, besides flows that are not told apart\.$/,
    );
  });

  it('counts several places of one function together, and flows once', () => {
    const twice = [{ reason: 'NETFILTER_DROP' }, { reason: 'NETFILTER_DROP', packets: 2 }];
    const { findings, measurements } = judged(twice);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.summary).toMatch(/^3 packets /);
    expect(measurements['drops']).toMatchObject([{ packets: 3 }]);
  });

  it('of an IPv6 flow has brackets around the address before a port', () => {
    const flow = { ethertype: 34525, source: '2001:db8::1', destination: '2001:db8::2' };
    const { findings } = judged([{ reason: 'IP_RPFILTER', flow }]);
    expect(findings[0]?.summary).toMatch(/: TCP 2001:db8::1 → \[2001:db8::2\]:5432\.$/);
  });

  it("of a pod alone is its own or its node's", () => {
    const input: DropsInput = {
      ...machine,
      scope: 'own',
      isHost: false,
      pod: 'shop/web-0',
      own: ['198.51.100.7'],
    };
    const seen = judgeDrops(
      evidence({
        drops: result(watchText([{ reason: 'IP_RPFILTER' }, { reason: 'NEIGH_FAILED', namespace: '77' }])),
      }),
      input,
    );
    expect(seen.findings.map((f) => f.summary)).toEqual([
      expect.stringContaining('dropped in pod shop/web-0 by reverse'),
      expect.stringContaining("dropped in the host's namespace because a neighbour"),
    ]);
  });
});

describe("a pod in its node's network", () => {
  const input: DropsInput = {
    ...machine,
    scope: 'own',
    hostPod: 'shop/agent',
    names: { ...machine.names, '198.51.100.9': 'shop/other-0', '192.0.2.11': 'node1' },
  };
  const of = (source: string, peers: DropsInput['peers'] = [{ host: '198.51.100.8', port: 5432 }]) =>
    judgeDrops(evidence({ drops: result(watchText([{ reason: 'NETFILTER_DROP', flow: { source } }])) }), {
      ...input,
      peers,
    });

  it('does not claim the drops of all who share it', () => {
    const { findings, summary } = of('192.0.2.11', []);
    expect(summary).toBe(
      "In 30 s the kernel dropped 1 packet in its node's network that may matter, and 0 for harmless reasons.",
    );
    expect(findings.map((f) => f.summary)).toContain(
      "which drops are of pod shop/agent alone: it is in its node's network, whose drops are told, whoever's they are.",
    );
    // Nothing is to be told apart where nothing was dropped.
    const none = judgeDrops(evidence({ drops: result(watchText([])) }), input);
    expect(none.findings).toEqual([]);
  });

  it.each([
    ['192.0.2.11', 'warning'],
    ['198.18.1.1', 'warning'],
    // Another pod's, which only passes.
    ['198.51.100.9', 'info'],
  ])('is warned of what may be its own alone: from %s %s', (source, severity) => {
    expect(all(of(source))).toContain(`NT-DROP-001 ${severity}`);
  });
});

describe('a namespace of its own', () => {
  it("has the names of its interfaces, which those of the node's do not get", () => {
    const links = result(JSON.stringify([{ ifindex: 2, ifname: 'eth0' }]));
    const drops = result(watchText([{ reason: 'IP_RPFILTER' }, { reason: 'IP_RPFILTER', namespace: '77' }]));
    const seen = judgeDrops(evidence({ drops, links }), { ...machine, scope: 'own', isHost: false });
    expect(seen.measurements['drops']).toMatchObject([{ interface: 'eth0' }, { interface: 2 }]);
  });

  it.each([
    [true, "in the host's namespace "],
    [false, "in the target's namespace "],
  ])("is the host's or the target's (%j)", (isHost, where) => {
    const { findings } = judgeDrops(evidence({ drops: result(watchText([{ reason: 'IP_RPFILTER' }])) }), {
      ...machine,
      scope: 'own',
      isHost,
    });
    expect(findings[0]?.summary).toContain(where);
  });
});

describe('what was not measured', () => {
  const refused = (stderr: string, rest: Partial<ProbeResult> = {}) =>
    judgeDrops(
      evidence({ drops: result('', { code: 3, stderr, ...rest }), namespaces: result(LIST) }),
      machine,
    );

  it.each([
    [
      'no-btf: the kernel does not describe its types (x)\n',
      /: the kernel does not describe its types \(x\)\.$/,
    ],
    [
      'old-kernel: the kernel gives no reasons for drops: Linux 5.17 and later do\n',
      /gives no reasons for drops/,
    ],
    [
      'capability: the kernel refuses the program: it takes\n',
      /: the kernel refuses the program: it takes\.$/,
    ],
  ])('is said in one sentence: %j', (stderr, words) => {
    const judgement = refused(stderr);
    expect(judgement.status).toBe('error');
    expect(judgement.summary).toMatch(words);
    expect(all(judgement)).toEqual(['NT-SYS-001 info']);
  });

  it('is skipped where the image has no watcher', () => {
    expect(refused('', { status: 'missing', code: 127 })).toMatchObject({
      status: 'skip',
      summary: expect.stringContaining('the image has no nettools-drops'),
    });
  });

  it('is no pass when the watch was ended', () => {
    expect(judged([], machine, null)).toMatchObject({
      status: 'error',
      summary: 'What the kernel drops was not measured: the watch was ended before its time.',
    });
  });

  it('tells what it could not count', () => {
    const { status, findings } = judged([{ reason: 'QUEUE_PURGE' }], machine, {
      flowsMissed: 7,
      otherFlows: 5,
      unseen: 2,
    });
    expect(findings.map((f) => f.summary)).toEqual([
      'which flows 7 packets were of (at least 5 more): there were more flows than the watch tells apart.',
      '2 packets: they came while another one was being counted.',
    ]);
    // All of them are counted by their reason and place.
    expect(status).toBe('pass');
  });

  it.each([
    [{ placesMissed: 3 }, '3 packets: there were more kinds of drops than the watch tells apart'],
    [{ peersLeftOut: 1 }, 'flows with 1 address: there were more addresses than the watch has room for'],
    [
      { namespacesLeftOut: true },
      'drops in some network namespaces: there are more of them than the watch has room for',
    ],
  ])('is no pass: %j', (end, words) => {
    const { status, summary, findings } = judged([{ reason: 'QUEUE_PURGE' }], machine, end);
    expect(status).toBe('error');
    expect(summary).toBe(
      `Not all could be judged (${words}). What was seen: In 30 s the kernel dropped 0 packets that may matter, and 1 for harmless reasons.`,
    );
    expect(findings.map((f) => f.summary)).toEqual([`${words}.`]);
    // What is known to be wrong stays.
    expect(judged([{ reason: 'IP_RPFILTER' }], machine, end).status).toBe('warn');
  });
});

describe('the catalogue', () => {
  it('has each reason once, or for certain functions first', () => {
    const plain = DROP_RULES.flatMap(({ reasons = [], functions }) => (functions ? [] : reasons));
    const every = [...plain, ...Object.keys(HARMLESS)];
    expect(every.filter((reason, i) => every.indexOf(reason) !== i)).toEqual([]);
  });

  it('knows no reason by a name that every object has', () => {
    expect(findingOf({ reason: 'constructor', function: 'toString' })).toBe('NT-DROP-019');
  });
});

describe('the tables', () => {
  it('have a row for each flow, and what is harmless by its reason', () => {
    const { measurements } = judged([
      { reason: 'NETFILTER_DROP', namespace: POD },
      { reason: 'TCP_OLD_DATA', packets: 2 },
      { reason: 'TCP_OLD_DATA', namespace: POD, packets: 3 },
    ]);
    expect(dropsTables(measurements).map(({ rows }) => rows)).toEqual([
      [
        [
          '1',
          'NETFILTER_DROP',
          'nf_hook_slow',
          'pod shop/web-0',
          'TCP shop/web-0 → svc shop/db:5432',
          'eth0',
        ],
      ],
      [['5', 'TCP_OLD_DATA', 'sent again, and here already']],
    ]);
  });

  it('show both ends of names that are long, whose middle says less', () => {
    const name = `shop/${'a'.repeat(100)}-0`;
    const { measurements, findings } = judged([{ reason: 'NETFILTER_DROP', namespace: POD }], {
      ...machine,
      names: { '198.51.100.7': name },
    });
    const cells = dropsTables(measurements)[0]?.rows[0] ?? [];
    expect(cells[3]).toMatch(/^pod shop\/a+…a+-0$/);
    expect(cells[4]).toMatch(/^TCP shop\/a+…a+-0 → 198\.51\.100\.8:5432$/);
    expect(cells.join('').length).toBeLessThan(160);
    expect(findings[0]?.summary).toContain(`in pod ${name} `);
  });

  it('have rows for all places, however many flows one of them has, and say what they leave out', () => {
    const flood = Array.from({ length: 1500 }, (_, port) => ({
      reason: 'NETFILTER_DROP',
      packets: 9,
      flow: { destinationPort: port + 1 },
    }));
    const places = Array.from({ length: 120 }, (_, i) => ({
      reason: 'IP_RPFILTER',
      namespace: String(4026533000 + i),
      packets: 2,
    }));
    const { measurements, summary } = judged([...flood, ...places]);
    expect(JSON.stringify(measurements).length).toBeLessThan(100_000);
    expect(measurements['drops']).toHaveLength(200);
    expect(measurements['moreDrops']).toEqual({ rows: 21, packets: 42 });
    const rows = dropsTables(measurements)[0]?.rows ?? [];
    expect(rows.map(([packets, reason, , , flow]) => `${packets} ${reason} ${flow}`)).toEqual([
      `${9 * 1490} NETFILTER_DROP other flows`,
      ...Array.from({ length: 10 }, (_, i) => expect.stringMatching(`^9 NETFILTER_DROP .*:${i + 1}$`)),
      ...Array.from({ length: 29 }, () => expect.stringMatching(/^2 IP_RPFILTER .*:5432$/)),
      '182 in 91 more rows ',
    ]);
    expect(summary).toMatch(/^2 packets were dropped/);
  });

  it('are none where nothing was dropped, of which a pod hears where that is', () => {
    const own: DropsInput = { ...machine, scope: 'own', isHost: false, pod: 'shop/web-0' };
    const says = (input: DropsInput) => judgeDrops(evidence({ drops: result(watchText([])) }), input).summary;
    expect(says(own)).toBe(
      'In 30 s the kernel dropped 0 packets in its own network that may matter, and 0 for harmless reasons.',
    );
    expect(says({ ...own, peers: asked.peers, own: ['198.51.100.7'] })).toBe(
      "In 30 s the kernel dropped 0 packets in its own network and its node's that may matter, and 0 for harmless reasons; what is dropped elsewhere on the way was not watched (diagnose --deep does).",
    );

    expect(dropsTables(judged([]).measurements)).toEqual([]);
  });
});
