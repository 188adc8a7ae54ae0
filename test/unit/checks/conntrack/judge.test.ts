import { describe, expect, it } from 'vitest';
import type { ConntrackInput } from '../../../../src/checks/conntrack/facts.ts';
import { judgeConntrack } from '../../../../src/checks/conntrack/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { recording } from '../../../recordings/recordings.ts';
import { evidence, named, remedyOf, result } from '../results.ts';

const stats = (counters: Readonly<Record<string, number>>) =>
  result(
    `cpu=0 ${Object.entries({ drop: 0, early_drop: 0, insert_failed: 0, ...counters })
      .map(([k, v]) => ` ${k}=${v}`)
      .join('')}\n`,
  );

interface Run {
  readonly fill?: readonly [count: number, max: number];
  readonly before?: Readonly<Record<string, number>>;
  readonly after?: Readonly<Record<string, number>>;
  readonly udp?: readonly [before: string, after: string];
  readonly holders?: string;
  readonly holes?: readonly [before: string, after: string];
  readonly input?: Partial<ConntrackInput>;
  readonly established?: string;
  readonly iptables?: string;
  readonly legacy?: string;
  readonly liberal?: string;
  readonly nft?: string;
}

const SERVICE = {
  name: 'logs',
  namespace: 'default',
  addresses: ['198.19.255.200'],
  ports: [{ protocol: 'udp' as const, port: 514 }],
  endpoints: ['198.18.1.7'],
};

function judged({
  fill = [10, 1000],
  before = {},
  after = {},
  udp = ['', ''],
  holders,
  holes = ['', ''],
  input,
  established,
  iptables,
  legacy,
  liberal,
  nft,
}: Run): Judgement {
  const filled = result(`${fill.join('\n')}\n`);
  return judgeConntrack(
    evidence({
      status: result(recording('proc-status-netadmin').stdout),
      'fill-before': filled,
      'fill-after': filled,
      'stats-before': stats(before),
      'stats-after': stats(after),
      'udp-before': result(udp[0]),
      'udp-after': result(udp[1]),
      'tcp-before': result(''),
      'tcp-after': result(''),
      ...(holders === undefined ? {} : { holders: result(holders) }),
      ...(established === undefined ? {} : { established: result(established) }),
      ...(iptables === undefined ? {} : { iptables: result(iptables) }),
      ...(legacy === undefined ? {} : { iptablesLegacy: result(legacy) }),
      ...(liberal === undefined ? {} : { liberal: result(liberal) }),
      ...(nft === undefined ? {} : { nft: result(nft) }),
      'holes-before': result(holes[0]),
      'holes-after': result(holes[1]),
    }),
    { watchMs: 3000, isNode: false, criticalShare: 0.95, services: [SERVICE], ...input },
  );
}

describe('NT-CT-001', () => {
  it.each([
    { count: 750, expected: [] },
    { count: 751, expected: ['NT-CT-001 warning'] },
    { count: 950, expected: ['NT-CT-001 warning'] },
    { count: 951, expected: ['NT-CT-001 critical'] },
  ])('$count of 1000 entries', ({ count, expected }) => {
    expect(named(judged({ fill: [count, 1000] }))).toEqual(expected);
  });

  it('tells who holds most of it', () => {
    const holders =
      'state 740 tcp CLOSE_WAIT\nstate 40 udp -\npair 700 tcp 198.18.1.5 198.51.100.200 80\npair 20 icmp 198.18.1.5 198.18.1.1 \n';
    expect(judged({ fill: [780, 1000], holders }).findings[0]?.summary).toMatch(
      /holds 780 of 1000 entries \(78 %\), 740 of them tcp CLOSE_WAIT, most of all \(700\) from 198\.18\.1\.5 to 198\.51\.100\.200 port 80\.$/,
    );
    expect(judged({ fill: [780, 1000], holders: '' }).findings[0]?.summary).toMatch(/\(78 %\)\.$/);
  });

  it('keeps to the limit that it is given, also one below that of the warning', () => {
    const at = (count: number, criticalShare: number) =>
      named(judged({ fill: [count, 1000], input: { criticalShare } }));
    expect(at(981, 0.98)).toEqual(['NT-CT-001 critical']);
    expect(at(980, 0.98)).toEqual(['NT-CT-001 warning']);
    expect(at(501, 0.5)).toEqual(['NT-CT-001 critical']);
    expect(at(500, 0.5)).toEqual([]);
  });

  it('never rounds up to full', () => {
    expect(judged({ fill: [262_143, 262_144] }).summary).toContain('(99.9 %)');
  });

  it('counts packets that were dropped in the run, and no others', () => {
    expect(named(judged({ before: { drop: 7 }, after: { drop: 9 } }))).toEqual(['NT-CT-001 critical']);
    expect(named(judged({ before: { drop: 7 }, after: { drop: 7 } }))).toEqual([]);
    expect(named(judged({ after: { early_drop: 1 } }))).toEqual(['NT-CT-001 warning']);
  });

  it('takes a single drop for no sign of a full table, unless the table says so', () => {
    const once = { before: { drop: 7 }, after: { drop: 8 } };
    const one = judged({ ...once, fill: [750, 1000] });
    expect(one.status).toBe('pass');
    expect(one.findings[0]).toMatchObject({ id: 'NT-CT-001', severity: 'info' });
    expect(named(judged({ ...once, fill: [751, 1000] }))).toEqual(['NT-CT-001 critical']);
  });
});

describe('a counter that is not known at the beginning', () => {
  it('has not grown from nothing', () => {
    const filled = result('10\n1000\n');
    const judgement = judgeConntrack(
      evidence({
        'fill-before': filled,
        'fill-after': filled,
        'stats-after': stats({ drop: 99, insert_failed: 7 }),
      }),
      { watchMs: 3000, isNode: true, criticalShare: 0.95 },
    );
    expect(named(judgement)).toEqual([]);
    expect(judgement.summary).toBe("The node's connection table holds 10 of 1000 entries.");
    expect(judgement.measurements['growth']).toBeNull();
  });
});

describe('NT-CT-002', () => {
  it('counts clashes in the run, which the kernel counts as drops too', () => {
    const run = { before: { insert_failed: 3, drop: 3 }, after: { insert_failed: 5, drop: 5 } };
    expect(named(judged(run))).toEqual(['NT-CT-002 warning']);
    expect(judged(run).findings[0]?.evidence[0]?.excerpt).toBe(
      'insert_failed 3 before, 5 after\ndrop 3 before, 5 after',
    );
    expect(named(judged({ before: { insert_failed: 3 }, after: { insert_failed: 3 } }))).toEqual([]);
  });

  it('takes a single clash for chance', () => {
    const one = judged({ before: { insert_failed: 3, drop: 3 }, after: { insert_failed: 4, drop: 4 } });
    expect(one.status).toBe('pass');
    expect(one.findings[0]).toMatchObject({ id: 'NT-CT-002', severity: 'info' });
  });
});

describe('NT-CT-003', () => {
  const unreplied = recording('conntrack-list-dnat').stdout;
  const replied = (timeout: number) =>
    unreplied.replace('[UNREPLIED] ', '').replace(/^udp +17 \d+ /, `udp 17 ${timeout} `);

  it('is an entry without an answer that leads to no endpoint', () => {
    const judgement = judged({ udp: ['', unreplied] });
    expect(named(judgement)).toEqual(['NT-CT-003 critical']);
    expect(judgement.findings[0]).toMatchObject({ subject: 'svc/logs' });
    expect(remedyOf(judgement.findings[0])).toContain('--orig-dst 198.19.255.200 --reply-src 198.18.2.250');
  });

  it('is one whose time was set anew', () => {
    expect(named(judged({ udp: [replied(119), replied(119)] }))).toEqual(['NT-CT-003 critical']);
    expect(named(judged({ udp: [replied(100), replied(119)] }))).toEqual(['NT-CT-003 critical']);
  });

  it('is none that runs out', () => {
    expect(named(judged({ udp: [replied(119), replied(116)] }))).toEqual([]);
    expect(named(judged({ udp: ['', replied(119)] }))).toEqual([]);
    // In less than two seconds the same time may stand there twice.
    expect(named(judged({ udp: [replied(119), replied(119)], input: { watchMs: 1999 } }))).toEqual([]);
  });

  it('is one of TCP that was made or prolonged in the run, and none that was given up before', () => {
    // As a connect leaves it to an endpoint that is deleted at that moment.
    const syn = (timeout: number): string =>
      `tcp      6 ${timeout} SYN_SENT src=198.18.1.157 dst=198.19.9.148 sport=53634 dport=80 [UNREPLIED] src=198.18.2.190 dst=198.18.1.157 sport=8080 dport=53634 mark=0 use=1\n`;
    const rolling = {
      ...SERVICE,
      name: 'rolling',
      addresses: ['198.19.9.148'],
      ports: [{ protocol: 'tcp' as const, port: 80 }],
      endpoints: ['198.18.2.189'],
    };
    const run = (before: string, after: string) =>
      named(
        judgeConntrack(
          evidence({
            'fill-after': result('5\n1000\n'),
            'stats-before': result(''),
            'stats-after': result(''),
            'udp-before': result(''),
            'udp-after': result(''),
            'tcp-before': result(before),
            'tcp-after': result(after),
          }),
          { watchMs: 3000, isNode: true, criticalShare: 0.95, services: [rolling] },
        ),
      );
    expect(run(syn(115), syn(112))).toEqual([]);
    expect(run('', syn(119))).toEqual(['NT-CT-003 critical']);
    expect(run(syn(115), syn(119))).toEqual(['NT-CT-003 critical']);
    // What a sidecar's rule redirects: its proxy knows the endpoints.
    expect(run('', syn(119).replace('198.18.2.190', '127.0.0.1'))).toEqual([]);
  });

  it('is none that leads to an endpoint, or belongs to no Service', () => {
    const there = { ...SERVICE, endpoints: ['198.18.2.250'] };
    expect(named(judged({ udp: ['', unreplied], input: { services: [there] } }))).toEqual([]);
    const other = { ...SERVICE, ports: [{ protocol: 'udp' as const, port: 53 }] };
    expect(named(judged({ udp: ['', unreplied], input: { services: [other] } }))).toEqual([]);
    expect(named(judged({ udp: ['', unreplied], input: { services: [] } }))).toEqual([]);
  });
});

describe('what could not be measured', () => {
  it('is skipped where nothing is tracked, whatever once was', () => {
    const judgement = judged({ fill: [0, 1000], before: { insert_failed: 3 }, after: { insert_failed: 3 } });
    expect(judgement).toMatchObject({ status: 'skip', findings: [{ id: 'NT-SYS-001' }] });
    expect(judgement.summary).toContain("in the node's table, which a pod does not see");
  });

  it('says so of the list without NET_ADMIN', () => {
    const judgement = judgeConntrack(
      evidence({
        status: result(recording('proc-status-restricted').stdout),
        'fill-after': result('5\n1000\n'),
        'udp-after': result('', { code: 1 }),
      }),
      { watchMs: 3000, isNode: true, criticalShare: 0.95, services: [SERVICE] },
    );
    expect(judgement.status).toBe('pass');
    expect(judgement.findings.map((f) => f.summary)).toEqual(
      expect.arrayContaining([expect.stringMatching(/NT-CT-003.*needs NET_ADMIN/)]),
    );
  });

  it('says of a node whose Services it may read, where these are not all', () => {
    const skips = (input: Partial<ConntrackInput>) =>
      judged({ input: { isNode: true, ...input } }).findings.map(({ summary }) => summary);
    expect(skips({ onlyNamespaces: ['shop', 'kube-system'] })).toEqual([
      expect.stringMatching(/stale entries of Services outside of shop and kube-system \(NT-CT-003\)/),
    ]);
    expect(skips({})).toEqual([]);
  });

  it('does not speak of Services to who has no cluster', () => {
    const none = { services: undefined } as unknown as Partial<ConntrackInput>;
    const skips = (input: Partial<ConntrackInput>) =>
      judged({ input: { isNode: true, ...none, ...input } }).findings.map(({ summary }) => summary);
    expect(skips({})).toEqual([
      expect.stringMatching(/^stale entries of Services \(NT-CT-003\): .* may not be read/),
    ]);
    expect(skips({ hasNoCluster: true })).toEqual([
      'entries that lead to what is gone (NT-CT-003): a cluster tells what an address stands for, and none was asked.',
    ]);
  });

  it('takes /proc where the tool is missing', () => {
    const proc = recording('conntrack-proc-clash').stdout;
    const names = proc.split('\n')[0] ?? '';
    const zero = `${names}\n${names
      .trim()
      .split(/\s+/)
      .map(() => '00000000')
      .join(' ')}\n`;
    const missing = result('', { status: 'missing', code: 127 });
    const judgement = judgeConntrack(
      evidence({
        'fill-after': result('5\n1000\n'),
        'stats-before': missing,
        'stats-after': missing,
        'proc-before': result(zero),
        'proc-after': result(proc),
      }),
      { watchMs: 3000, isNode: false, criticalShare: 0.95 },
    );
    expect(named(judgement)).toEqual(['NT-CT-002 warning']);
  });

  it('never passes with no evidence at all', () => {
    expect(judgeConntrack({}, { watchMs: 0, isNode: false, criticalShare: 0.95 }).status).toBe('skip');
  });
});

// As conntrack-tools 1.4.7 printed them on a node of the test cluster (test/faults/node.test.ts makes them).
describe('NT-CT-004', () => {
  const entry = (seconds: number, to: string, port: number, from = to, flag = '[UNREPLIED] ') =>
    `udp      17 ${seconds} src=198.18.1.159 dst=${to} sport=40514 dport=${port} ${flag}src=${from} dst=198.18.1.159 sport=${port} dport=40514 mark=0 use=1\n`;
  const NODE = '198.51.100.11';
  const input: Partial<ConntrackInput> = {
    isNode: true,
    nodeAddresses: [NODE],
    hostPorts: [{ pod: 'shop/collector', port: 19514 }],
  };
  const of = (before: string, after: string, more: Partial<ConntrackInput> = {}) =>
    judged({ holes: [before, after], input: { ...input, ...more } }).findings.filter(
      ({ id }) => id === 'NT-CT-004',
    );
  const [service] = SERVICE.addresses;

  it('tells a Service, and the hostPort of a pod', () => {
    const both = (seconds: number) => entry(seconds, service ?? '', 514) + entry(seconds, NODE, 19514);
    const [first, second, ...more] = of(both(27), both(29));
    expect(more).toEqual([]);
    expect(first).toMatchObject({ severity: 'critical', subject: 'svc/logs in default' });
    expect(first?.summary).toMatch(
      /^1 connection to svc\/logs in default \(198\.19\.255\.200:514\/udp\), from 198\.18\.1\.159, is not translated, though the Service has 1 endpoint/,
    );
    expect(remedyOf(first)).toMatch(/conntrack -D -p udp --orig-dst 198\.19\.255\.200 --orig-port-dst 514$/);
    expect(second?.summary).toMatch(
      /^1 connection to the hostPort of pod shop\/collector \(198\.51\.100\.11:19514/,
    );
  });

  it.each<[string, string, string, Partial<ConntrackInput>]>([
    [
      'it is translated',
      entry(27, service ?? '', 514, '198.18.1.7'),
      entry(29, service ?? '', 514, '198.18.1.7'),
      {},
    ],
    [
      'it has an answer',
      entry(27, service ?? '', 514, service, ''),
      entry(29, service ?? '', 514, service, ''),
      {},
    ],
    ['nothing comes any more', entry(27, service ?? '', 514), entry(23, service ?? '', 514), {}],
    ['it is new', '', entry(29, service ?? '', 514), {}],
    [
      'the Service has no endpoint',
      entry(27, service ?? '', 514),
      entry(29, service ?? '', 514),
      { services: [{ ...SERVICE, endpoints: [] }] },
    ],
    ['it is another port of the node', entry(27, NODE, 53), entry(29, NODE, 53), {}],
    ['the address is not the node', entry(27, '198.51.100.1', 19514), entry(29, '198.51.100.1', 19514), {}],
  ])('is silent where %s', (_title, before, after, more) => {
    expect(of(before, after, more)).toEqual([]);
  });
});

const NODE = { isNode: true };

describe('NT-CT-005', () => {
  it.each([
    ['900\n', ['NT-CT-005 warning']],
    ['7439\n', ['NT-CT-005 warning']],
    ['7440\n', []],
    ['86400\n', []],
    ['', []],
  ])('a node forgets after %j s: %j', (established, expected) => {
    expect(named(judged({ input: NODE, established }))).toEqual(expected);
  });

  it("leaves the table of a pod's own namespace alone", () => {
    expect(named(judged({ established: '900\n' }))).toEqual([]);
  });
});

describe('NT-CT-006', () => {
  const raw = (...rules: readonly string[]): string =>
    `*raw\n:PREROUTING ACCEPT [0:0]\n${rules.map((rule) => `[7:420] -A PREROUTING ${rule}\n`).join('')}COMMIT\n`;
  const NOTRACK = '-d 169.254.20.10/32 -p udp -m udp --dport 53 -j CT --notrack';
  const at = (...rules: readonly string[]) => judged({ input: NODE, iptables: raw(...rules) });

  it.each([
    ['all', '-j ACCEPT'],
    ['by interface', '-i cni0 -m comment --comment "our pods" -j ACCEPT'],
    ['by a wider range', '-d 169.254.0.0/16 -p udp -j ACCEPT'],
    ['the same', '-d 169.254.20.10/32 -p udp -m udp --dport 53 -j ACCEPT'],
  ])('an earlier rule accepts %s', (_what, rule) => {
    const judgement = at(rule, NOTRACK);
    expect(named(judgement)).toEqual(['NT-CT-006 warning']);
    expect(judgement.findings[0]?.evidence[0]?.excerpt.split('\n')).toHaveLength(2);
  });

  it.each<[string, readonly string[]]>([
    ['it comes after', [NOTRACK, '-i cni0 -j ACCEPT']],
    ['it accepts others', ['-d 198.51.100.0/24 -j ACCEPT', NOTRACK]],
    ['it accepts all but these', ['! -d 169.254.20.10/32 -j ACCEPT', NOTRACK]],
    ['it may not meet them', ['-m mark --mark 0x40000/0x40000 -j ACCEPT', NOTRACK]],
    ['it accepts what the node sends to itself', ['-i lo -j ACCEPT', NOTRACK]],
    ['it accepts another protocol', ['-p tcp -j ACCEPT', NOTRACK]],
    ['it drops them', ['-j DROP', NOTRACK]],
    ['nothing is kept from tracking', ['-j ACCEPT', '-j MARK --set-xmark 0x1']],
  ])('is silent where %s', (_why, rules) => {
    expect(named(at(...rules))).toEqual([]);
  });

  it("is silent on a pod's own rules", () => {
    expect(named(judged({ iptables: raw('-j ACCEPT', NOTRACK) }))).toEqual([]);
  });
});

describe('NT-CT-007', () => {
  const node = { isNode: true };
  const NONE = '{"nftables": [{"metainfo": {"json_schema_version": 1}}]}';
  const SERVICES = (extra: string) =>
    `*nat\n:KUBE-SEP-A - [0:0]\n[0:0] -A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 198.18.1.2:80\nCOMMIT\n${extra}`;
  const BY_NFT = JSON.stringify({
    nftables: [
      {
        rule: {
          family: 'ip',
          table: 'kube-proxy',
          chain: 'endpoint',
          handle: 3,
          expr: [{ dnat: { addr: '198.18.1.2', port: 80 } }],
        },
      },
    ],
  });
  const table = { family: 'inet', table: 'filter' };
  const DROPS = JSON.stringify({
    nftables: [
      { table: { family: 'inet', name: 'filter', handle: 1 } },
      {
        chain: {
          ...table,
          name: 'forward',
          handle: 2,
          type: 'filter',
          hook: 'forward',
          prio: 0,
          policy: 'accept',
        },
      },
      {
        rule: {
          ...table,
          chain: 'forward',
          handle: 3,
          expr: [{ match: { op: 'in', left: { ct: { key: 'state' } }, right: 'invalid' } }, { drop: null }],
        },
      },
    ],
  });
  const KUBE_FORWARD =
    '*filter\n:FORWARD ACCEPT [0:0]\n:KUBE-FORWARD - [0:0]\n[0:0] -A FORWARD -j KUBE-FORWARD\n[0:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n';
  const strict = {
    input: node,
    liberal: '0\n',
    nft: NONE,
    iptables: SERVICES(''),
    before: { invalid: 4 },
  };

  it.each([
    ['many, on a strict node', { ...strict, after: { invalid: 14 } }, ['NT-CT-007 warning']],
    ['a few: an info', { ...strict, after: { invalid: 6 } }, []],
    ['one', { ...strict, after: { invalid: 5 } }, []],
    ['none', { ...strict, after: { invalid: 4 } }, []],
    ['a lenient node', { ...strict, liberal: '1\n', after: { invalid: 99 } }, []],
    ['a rule of nftables drops them', { ...strict, nft: DROPS, after: { invalid: 99 } }, []],
    ['kube-proxy drops them', { ...strict, iptables: SERVICES(KUBE_FORWARD), after: { invalid: 99 } }, []],
    [
      'kube-proxy drops them by iptables-legacy',
      { ...strict, legacy: SERVICES(KUBE_FORWARD), after: { invalid: 99 } },
      [],
    ],
    [
      'kube-proxy translates by iptables-legacy',
      { ...strict, iptables: '', legacy: SERVICES(''), after: { invalid: 99 } },
      ['NT-CT-007 warning'],
    ],
    [
      'kube-proxy translates by nftables',
      { ...strict, iptables: '', nft: BY_NFT, after: { invalid: 99 } },
      ['NT-CT-007 warning'],
    ],
    [
      'Services are translated elsewhere (ipvs, BPF)',
      { ...strict, iptables: '', after: { invalid: 99 } },
      [],
    ],
    ['rules that could not be read', { ...strict, nft: '', after: { invalid: 99 } }, []],
    ['not a node', { ...strict, input: { isNode: false }, after: { invalid: 99 } }, []],
  ] as const)('%s', (_what, run, expected) => {
    expect(named(judged(run))).toEqual(expected);
  });

  it('tells the number, the setting, and what becomes of them', () => {
    const [finding] = judged({ ...strict, after: { invalid: 14 } }).findings;
    expect(finding?.summary).toMatch(
      /^Connection tracking called 10 packets invalid during the run .*nf_conntrack_tcp_be_liberal is 0\), and no rule drops what is invalid: it goes on untranslated/,
    );
    expect(remedyOf(finding)).toMatch(/conntrack\.tcpBeLiberal/);
  });
});
