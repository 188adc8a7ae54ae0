import { describe, expect, it } from 'vitest';
import type { PathInput, Place } from '../../../../src/checks/path/facts.ts';
import { judgePath } from '../../../../src/checks/path/judge.ts';
import type { Evidence } from '../../../../src/model/evidence.ts';
import { destination, evidence, remedyOf, result } from '../results.ts';

const PLACES: readonly Place[] = [
  { id: 'p0', label: 'pod/web', isTarget: true },
  { id: 'p1', label: 'node/n1', node: 'n1', isTarget: false },
  { id: 'p2', label: 'node/n2', node: 'n2', isTarget: false },
  { id: 'p3', label: 'pod/db', isTarget: false },
];

const DEEP: PathInput = {
  places: PLACES,
  routes: [
    {
      destination: destination({ label: 'pod/db', host: '198.51.100.7', port: '80' }),
      places: [
        { id: 'p0', role: 'source' },
        { id: 'p1', role: 'source-node' },
        { id: 'p2', role: 'destination-node' },
        { id: 'p3', role: 'destination' },
      ],
    },
  ],
};

const syn = (device: string, way: 'In' | 'Out'): string =>
  `1.1 ${device}  ${way} IP 198.51.100.1.4000 > 198.51.100.7.80: Flags [S], seq 1000, win 1, length 0`;
const answer = (device: string, way: 'In' | 'Out', flags = 'S.'): string =>
  `1.2 ${device}  ${way} IP 198.51.100.7.80 > 198.51.100.1.4000: Flags [${flags}], seq 9, ack 1001, win 1, length 0`;

/** All that is seen when nothing is lost, in order: which place, and the line. */
const ALL: readonly (readonly [string, string])[] = [
  ['p0', syn('eth0', 'Out')],
  ['p1', syn('veth1', 'In')],
  ['p1', syn('eth0', 'Out')],
  ['p2', syn('eth0', 'In')],
  ['p2', syn('veth2', 'Out')],
  ['p3', syn('eth0', 'In')],
  ['p3', answer('eth0', 'Out')],
  ['p2', answer('veth2', 'In')],
  ['p2', answer('eth0', 'Out')],
  ['p1', answer('eth0', 'In')],
  ['p1', answer('veth1', 'Out')],
  ['p0', answer('eth0', 'In')],
];

const SILENCE = 'address 198.51.100.7\ntry 400000\n';
/** Of a destination whose sockets drop nothing. */
const SOCKETS = evidence(
  Object.fromEntries(
    ['before', 'after'].flatMap((when) => [
      [`p3-counters-${when}`, result('Tcp: PassiveOpens\nTcp: 1\n')],
      [`p3-drops-${when}`, result('tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n\t skmem:(r0,d0)\n')],
    ]),
  ),
);
const LISTENS = 'tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n';

/** @param passed how many of the points the packets pass */
function seen(passed: number, more: Parameters<typeof evidence>[0] = {}, places = PLACES): Evidence {
  const lines = (id: string): string =>
    ALL.slice(0, passed)
      .filter(([place]) => place === id)
      .map(([, line]) => `${line}\n`)
      .join('');
  return evidence({
    'to0-reach': result(passed === ALL.length ? 'address 198.51.100.7\ntry 400000\nok 200\n' : SILENCE, {
      command: ['reach', 'tcp', '198.51.100.7', '80'],
      status: passed === ALL.length ? 'exited' : 'timeout',
      durationMs: 4000,
    }),
    'p3-listeners': result(LISTENS),
    ...SOCKETS,
    ...Object.fromEntries(places.map(({ id }) => [`${id}-seen`, result(lines(id))])),
    ...more,
  });
}

const ids = (judgement: ReturnType<typeof judgePath>): string[] => judgement.findings.map(({ id }) => id);

describe('NT-PATH-008', () => {
  const inside: PathInput = {
    ...DEEP,
    routes: DEEP.routes.map((route) => ({
      ...route,
      destination: { ...route.destination, inCluster: true },
    })),
  };
  const node = '198.51.100.99';
  /** From the second node on the probe has the first one's address. */
  const translated = (passed: number): Evidence => {
    const all = seen(passed);
    const moved = ['p2', 'p3'].map((id) => {
      const one = all[`${id}-seen`];
      return [
        `${id}-seen`,
        { ...one, stdout: one?.stdout.replaceAll('198.51.100.1.4000 >', `${node}.4000 >`) },
      ];
    });
    return { ...all, ...Object.fromEntries(moved) };
  };

  it('is a warning of a connection that is lost, and an info of one that comes about', () => {
    for (const [passed, severity] of [
      [4, 'warning'],
      [ALL.length, 'info'],
    ] as const) {
      const found = judgePath(translated(passed), inside).findings.find(({ id }) => id === 'NT-PATH-008');
      expect(found).toMatchObject({ severity, subject: 'pod/db' });
      expect(found?.summary).toContain(`leaves with 198.51.100.1 and is seen with ${node} at node/n2`);
    }
  });

  it('is silent where the address stays, and outside of the cluster', () => {
    expect(ids(judgePath(seen(ALL.length), inside))).toEqual([]);
    expect(ids(judgePath(translated(ALL.length), DEEP))).toEqual([]);
  });
});

describe('judgePath', () => {
  it('loses nothing where a place heard only a part of what passed', () => {
    const many = `${syn('eth0', 'Out').replace('seq 1000', 'seq 7')}\n`.repeat(5000);
    const full = { ...result(many), command: ['tcpdump'] };
    // Missed at a place that was full of others, and seen after it.
    const beyond = judgePath(seen(6, { 'p1-seen': full }), DEEP);
    expect(ids(beyond)).toEqual(['NT-PATH-005', 'NT-SYS-001']);
    expect(beyond.findings[1]?.summary).toMatch(/what passes node\/n1: only the first 5000 packets/);
    // Of the probe itself nothing is known where it was sent.
    const blind = judgePath(seen(6, { 'p0-seen': full }), DEEP);
    expect(ids(blind)).toEqual(['NT-SYS-001']);
    expect(blind.status).toBe('skip');
  });

  it.each([
    [0, 'NT-PATH-001', /^The probe to pod\/db \(198\.51\.100\.7:80\) never left pod\/web itself/],
    [1, 'NT-PATH-002', /is lost between pod\/web and node\/n1 \(/],
    [2, 'NT-PATH-002', /is lost in node\/n1 \(/],
    [3, 'NT-PATH-003', /is lost between node\/n1 and node\/n2 \(/],
    [4, 'NT-PATH-004', /is lost in node\/n2 \(/],
    [5, 'NT-PATH-004', /is lost between node\/n2 and pod\/db \(/],
    [6, 'NT-PATH-005', /arrives at pod\/db, where port 80 is open, and no answer leaves it/],
    [7, 'NT-PATH-006', /answers, and the answer is lost between pod\/db and node\/n2/],
    [8, 'NT-PATH-006', /is lost in node\/n2/],
    [9, 'NT-PATH-006', /is lost between node\/n2 and node\/n1/],
    [10, 'NT-PATH-006', /is lost in node\/n1/],
    [11, 'NT-PATH-006', /is lost between node\/n1 and pod\/web/],
  ])('after %i points: %s', (passed, id, says) => {
    const judgement = judgePath(seen(passed), DEEP);
    expect(ids(judgement)).toEqual([id]);
    expect(judgement.findings[0]?.summary).toMatch(says);
    expect(judgement).toMatchObject({ status: 'fail', summary: judgement.findings[0]?.summary });
  });

  it.each([
    [
      'as many as tries came',
      1,
      /; meanwhile 1 TCP packet was discarded there for a wrong checksum\.$/,
      /ethtool -K/,
    ],
    ['none', 0, /and no answer leaves it \([^;]*\)\.$/, /nft list ruleset/],
  ])('of wrong checksums at the destination: %s', (_what, wrong, says, remedy) => {
    const counters = (n: number) => result(`Tcp: InSegs InCsumErrors\nTcp: 9 ${n}\n`);
    const [found] = judgePath(
      seen(6, { 'p3-counters-before': counters(4), 'p3-counters-after': counters(4 + wrong) }),
      DEEP,
    ).findings;
    expect(found?.id).toBe('NT-PATH-005');
    expect(found?.summary).toMatch(says);
    expect(remedyOf(found)).toMatch(remedy);
  });

  it.each([
    [
      'as often as tries came',
      1,
      /; meanwhile an accept queue there was full 1 time, and what came was dropped\.$/,
      /raise its backlog/,
    ],
    ['never', 0, /and no answer leaves it \([^;]*\)\.$/, /nft list ruleset/],
  ])('of a full accept queue at the destination: %s', (_what, full, says, remedy) => {
    const counters = (n: number) => result(`TcpExt: ListenOverflows ListenDrops\nTcpExt: ${n} ${n}\n`);
    const [found] = judgePath(
      seen(6, { 'p3-counters-before': counters(4), 'p3-counters-after': counters(4 + full) }),
      DEEP,
    ).findings;
    expect(found?.id).toBe('NT-PATH-005');
    expect(found?.summary).toMatch(says);
    expect(remedyOf(found)).toMatch(remedy);
    const proof = found?.evidence.find(({ excerpt }) => excerpt.includes('ListenOverflows'));
    expect(proof?.command[0]).toBe(full > 0 ? '[pod/db]' : undefined);
  });

  it.each([
    [2, 'p1', 'NT-PATH-002'],
    [4, 'p2', 'NT-PATH-004'],
  ])('after %i points, of the reverse path filter of the node %s', (passed, place, id) => {
    const counters = (n: number) => result(`TcpExt: IPReversePathFilter\nTcpExt: ${n}\n`);
    const at = (dropped: number) =>
      judgePath(
        seen(passed, {
          [`${place}-counters-before`]: counters(4),
          [`${place}-counters-after`]: counters(4 + dropped),
        }),
        DEEP,
      ).findings[0];
    expect(at(1)?.id).toBe(id);
    expect(at(1)?.summary).toMatch(/; meanwhile the reverse path filter there dropped 1 packet\.$/);
    expect(remedyOf(at(1))).toContain('rp_filter=2');
    expect(at(0)?.summary).not.toContain('reverse path');
  });

  const routes = result(
    JSON.stringify([
      { type: 'unicast', dst: 'default', gateway: '198.51.100.254', dev: 'eth0', flags: [] },
      { type: 'unicast', dst: '198.51.100.7', dev: 'veth2', flags: [] },
      { type: 'unicast', dst: '198.51.100.1', dev: 'veth1', flags: [] },
    ]),
    { command: ['ip'] },
  );
  const neighbours = (dst: string, dev: string, state: string) =>
    result(JSON.stringify([{ dst, dev, state: [state] }]), { command: ['ip', '-j', '-s', 'neigh', 'show'] });

  describe('between two nodes', () => {
    const table = (...entries: readonly object[]) =>
      result(JSON.stringify(entries.map((one) => ({ type: 'unicast', flags: [], ...one }))), {
        command: ['ip', '-j', '-d', 'route', 'show', 'table', 'all'],
      });
    const home = { dst: 'default', gateway: '203.0.113.1', dev: 'eth0' };
    const there = { dst: '198.51.100.0/29', gateway: '203.0.113.12', dev: 'eth0' };
    const back = { dst: '198.51.100.0/24', gateway: '203.0.113.11', dev: 'eth0' };
    const next = (state: string, lladdr?: string) =>
      result(JSON.stringify([{ dst: '203.0.113.12', dev: 'eth0', state: [state], lladdr }]), {
        command: ['ip', '-j', '-s', 'neigh', 'show'],
      });
    const lost = (more: Parameters<typeof evidence>[0]) => judgePath(seen(3, more), DEEP).findings[0];

    it('tells of the route that only the other node has', () => {
      const found = lost({ 'p1-routes': table(home), 'p2-routes': table(home, back) });
      expect(found?.id).toBe('NT-PATH-003');
      expect(found?.summary).toMatch(
        /; node\/n1 has no route of its own to the pods there: it sent it by default via 203\.0\.113\.1 dev eth0, while node\/n2 has one to the target's pods, 198\.51\.100\.0\/24 via 203\.0\.113\.11 dev eth0: the route of node\/n1 is missing\.$/,
      );
      expect(found?.evidence.map(({ command }) => command[0])).toContain('[node/n2]');
    });

    it('does not say that it is missing where the other has none either', () => {
      const found = lost({ 'p1-routes': table(home), 'p2-routes': table(home) });
      expect(found?.summary).toMatch(/: it sent it by default via 203\.0\.113\.1 dev eth0\.$/);
    });

    it('tells that the next node is there, and that pods have addresses of their own', () => {
      const found = lost({
        'p1-routes': table(home, there),
        'p1-neighbours': next('REACHABLE', '02:00:00:00:00:12'),
      });
      expect(found?.summary).toMatch(
        /; it left node\/n1 for the next hop 203\.0\.113\.12, which answers ARP \(REACHABLE\), with the pod's own address 198\.51\.100\.1 as its source: what is between drops it, by its addresses/,
      );
      expect(remedyOf(found)).toMatch(/firewall node\/n1 --to 203\.0\.113\.12:10250/);
    });

    it.each([
      [
        'nobody answers for the next hop',
        { 'p1-routes': table(home, there), 'p1-neighbours': next('FAILED') },
      ],
      [
        'an overlay carries it',
        { 'p1-routes': table({ ...there, gateway: '198.51.100.0', dev: 'flannel.1' }) },
      ],
      ['the tables could not be read', {}],
    ])('is silent of the way where %s', (_why, more) => {
      expect(lost(more)?.summary).toMatch(/node\/n2 \([^;]*\)\.$/);
    });
  });

  it.each([
    // On its node, where its link ends.
    [
      4,
      'p2',
      '198.51.100.7',
      'veth2',
      'FAILED',
      'NT-PATH-004',
      /node\/n2 asked for 198\.51\.100\.7 on veth2, and nothing answers \(FAILED\)\.$/,
    ],
    // The answer has to go back to the source.
    [
      6,
      'p3',
      '198.51.100.1',
      'veth1',
      'INCOMPLETE',
      'NT-PATH-005',
      /pod\/db asked for 198\.51\.100\.1 on veth1, and nothing answers \(INCOMPLETE\)\.$/,
    ],
    [
      8,
      'p2',
      '198.51.100.1',
      'veth1',
      'FAILED',
      'NT-PATH-006',
      /node\/n2 asked for 198\.51\.100\.1 on veth1/,
    ],
    [
      2,
      'p1',
      '198.51.100.7',
      'veth2',
      'FAILED',
      'NT-PATH-002',
      /node\/n1 asked for 198\.51\.100\.7 on veth2/,
    ],
  ])(
    'after %i points, of a neighbour of %s that does not answer: %s on %s, %s',
    (passed, place, address, device, state, id, says) => {
      const at = (entry: ReturnType<typeof neighbours>) =>
        judgePath(seen(passed, { [`${place}-routes`]: routes, [`${place}-neighbours`]: entry }), DEEP)
          .findings[0];
      const found = at(neighbours(address, device, state));
      expect(found?.id).toBe(id);
      expect(found?.summary).toMatch(says);
      expect(found?.evidence).toContainEqual({
        command: [expect.stringMatching(/^\[(pod|node)\//), 'ip', '-j', '-s', 'neigh', 'show'],
        excerpt: `${address} dev ${device} ${state}`,
      });
      // One that answers, one of another link, and one that is not on the way explain nothing.
      for (const other of [
        neighbours(address, device, 'REACHABLE'),
        neighbours(address, 'eth9', state),
        neighbours('198.51.100.99', device, state),
      ])
        expect(at(other)?.summary).not.toContain('asked for');
    },
  );

  it('of the gateway on the way back', () => {
    const home = result(
      JSON.stringify([
        { type: 'unicast', dst: 'default', gateway: '198.51.100.254', dev: 'eth0', flags: [] },
      ]),
      { command: ['ip'] },
    );
    const more = { 'p3-routes': home, 'p3-neighbours': neighbours('198.51.100.254', 'eth0', 'FAILED') };
    expect(judgePath(seen(6, more), DEEP).findings[0]?.summary).toMatch(
      /pod\/db asked for the gateway 198\.51\.100\.254 on the way to 198\.51\.100\.1 on eth0, and nothing answers \(FAILED\)\.$/,
    );
  });

  it.each([
    [1, 'n1'],
    [2, 'n1'],
    [4, 'n2'],
    [5, 'n2'],
  ])('after %i points its remedy looks at the node %s', (passed, node) => {
    const [finding] = judgePath(seen(passed), DEEP).findings;
    expect(remedyOf(finding)).toContain(`kubectl nettools diagnose node/${node}`);
  });

  it('is silent when all comes through', () => {
    expect(judgePath(seen(ALL.length), DEEP)).toMatchObject({ status: 'pass', findings: [] });
  });

  it('leaves a refusal that comes home to others', () => {
    const all = evidence({
      ...SOCKETS,
      'to0-reach': result(
        'address 198.51.100.7\ntry 400000\nbash: connect: Connection refused\nbash: line 1: /dev/tcp/198.51.100.7/80: Connection refused\nfailed 200\n',
        { command: ['reach', 'tcp', '198.51.100.7', '80'] },
      ),
      ...Object.fromEntries(
        PLACES.map(({ id }) => [
          `${id}-seen`,
          result(
            ALL.filter(([place]) => place === id)
              .map(([, line]) => `${line.replace('[S.]', '[R.]')}\n`)
              .join(''),
          ),
        ]),
      ),
    });
    const judgement = judgePath(all, DEEP);
    expect(judgement).toMatchObject({ status: 'pass', findings: [] });
    expect(judgement.summary).toContain('Connection refused');
  });

  it('does not take the packets of another connection for the probe', () => {
    const other = syn('veth2', 'Out').replace('seq 1000', 'seq 2000');
    const judgement = judgePath(seen(4, { 'p2-seen': result(`${syn('eth0', 'In')}\n${other}\n`) }), DEEP);
    expect(ids(judgement)).toEqual(['NT-PATH-004']);
  });

  it('names the ends of a gap where nobody listened', () => {
    const places = PLACES.map((place) =>
      place.id === 'p1' || place.id === 'p2' ? { ...place, unwatched: 'you may not create pods' } : place,
    );
    const unseen = Object.fromEntries(
      Object.entries(seen(1, {}, PLACES)).filter(([id]) => id !== 'p1-seen' && id !== 'p2-seen'),
    );
    const judgement = judgePath(unseen, { ...DEEP, places });
    expect(ids(judgement)).toEqual(['NT-PATH-003', 'NT-SYS-001']);
    expect(judgement.findings[0]?.summary).toContain('between pod/web and pod/db');
    expect(judgement.findings[1]?.summary).toBe(
      'what passes node/n1, what passes node/n2: you may not create pods.',
    );
  });

  it('tells a node with both ends', () => {
    const input: PathInput = {
      places: PLACES.filter(({ id }) => id !== 'p2'),
      routes: DEEP.routes.map((route) => ({
        ...route,
        places: [
          { id: 'p0', role: 'source' },
          { id: 'p1', role: 'node' },
          { id: 'p3', role: 'destination' },
        ],
      })),
    };
    for (const passed of [1, 2, 3]) expect(ids(judgePath(seen(passed), input))).toEqual(['NT-PATH-002']);
  });

  it('skips where the target itself could not be watched', () => {
    const { 'p0-seen': _unseen, ...rest } = seen(4);
    const places = PLACES.map((p) => (p.id === 'p0' ? { ...p, unwatched: 'listening needs NET_RAW' } : p));
    expect(judgePath(rest, { ...DEEP, places })).toMatchObject({
      status: 'skip',
      findings: [{ id: 'NT-SYS-001', severity: 'info' }],
    });
  });

  const save = (packets: number, port = 80): ReturnType<typeof result> =>
    result(
      `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[${packets}:60] -A FORWARD -p tcp -m tcp --dport ${port} -j DROP\nCOMMIT\n`,
    );

  it('names the rule that counted at the place of the loss', () => {
    const counted = { 'p2-iptables-before': save(3), 'p2-iptables-after': save(5) };
    const [finding] = judgePath(seen(4, counted), DEEP).findings;
    expect(finding?.summary).toContain('a rule there counted 2 packets meanwhile');
    expect(finding?.summary).toContain('--dport 80 -j DROP');
  });

  it.each([
    ['of another place', { 'p1-iptables-before': save(3), 'p1-iptables-after': save(5) }],
    ['for another port', { 'p2-iptables-before': save(3, 81), 'p2-iptables-after': save(5, 81) }],
    ['that did not count', { 'p2-iptables-before': save(3), 'p2-iptables-after': save(3) }],
  ])('does not name a rule %s', (_name, counted) => {
    expect(judgePath(seen(4, counted), DEEP).findings[0]?.summary).not.toContain('a rule there');
  });

  it.each([
    ['', 'where nothing listens on port 80'],
    ['tcp LISTEN 0 128 127.0.0.1:80 0.0.0.0:*\n', 'open on loopback only'],
    ['tcp LISTEN 3 1 0.0.0.0:80 0.0.0.0:*\n', '3 connections wait in a queue of 1'],
  ])('says of the destination: %j', (listeners, text) => {
    const judgement = judgePath(seen(6, { 'p3-listeners': result(listeners) }), DEEP);
    expect(judgement.findings[0]?.summary).toContain(text);
  });
});

/** nft's list: a chain at a hook, and its rules. */
const ruleset = (hook: string, policy: string, ...rules: readonly object[][]): string =>
  JSON.stringify({
    nftables: [
      { chain: { family: 'inet', table: 'filter', name: hook, hook, policy, handle: 1 } },
      ...rules.map((expr, i) => ({
        rule: { family: 'inet', table: 'filter', chain: hook, handle: i + 2, expr },
      })),
    ],
  });
const to = (address: string): object => ({
  match: { op: '==', left: { payload: { protocol: 'ip', field: 'daddr' } }, right: address },
});
const atPlace = (id: string, text: string): Parameters<typeof evidence>[0] => ({
  [`${id}-nft-before`]: result(text),
  [`${id}-nft-after`]: result(text),
});

const REFUSED = result('address 198.51.100.7\ntry 400000\nbash: connect: Connection refused\nfailed 900\n', {
  command: ['reach', 'tcp', '198.51.100.7', '80'],
});

describe('a chain that counts nothing', () => {
  const ACCEPT_OTHERS = [to('198.51.100.99'), { accept: null }];
  const found = (text: string) =>
    judgePath(seen(4, atPlace('p2', text)), DEEP).findings.find(({ id }) => id === 'NT-PATH-004');

  it('is named where its policy drops what none of its rules accepts', () => {
    expect(found(ruleset('forward', 'drop', ACCEPT_OTHERS))?.summary).toMatch(
      /in node\/n2 .*; table inet filter chain forward: policy drop: it counts nothing, and no rule before it in its chain accepts TCP to 198\.51\.100\.7:80\.$/,
    );
  });

  it('is no more than a suspect where a rule before it is not understood', () => {
    const jumps = [{ jump: { target: 'elsewhere' } }];
    expect(found(ruleset('forward', 'drop', jumps))?.summary).toMatch(/policy drop may be what stops it/);
  });

  it('is not named where a rule accepts the packet, or at another hook', () => {
    const accepts = [to('198.51.100.7'), { accept: null }];
    expect(found(ruleset('forward', 'drop', accepts))?.summary).not.toMatch(/policy drop/);
    expect(found(ruleset('input', 'drop'))?.summary).not.toMatch(/policy drop/);
  });
});

describe('an answer that the destination never sent', () => {
  const forged: Evidence = {
    ...seen(4),
    ...evidence({
      'to0-reach': REFUSED,
      'p2-seen': result(`${syn('eth0', 'In')}\n${answer('eth0', 'Out', 'R.')}\n`),
      'p1-seen': result(
        `${syn('veth1', 'In')}\n${syn('eth0', 'Out')}\n${answer('eth0', 'In', 'R.')}\n${answer('veth1', 'Out', 'R.')}\n`,
      ),
      'p0-seen': result(`${syn('eth0', 'Out')}\n${answer('eth0', 'In', 'R.')}\n`),
    }),
  };

  it('is told from one that it sent', () => {
    const judgement = judgePath(forged, DEEP);
    expect(judgement.status).toBe('fail');
    expect(judgement.findings.map(({ id, summary }) => [id, summary])).toEqual([
      [
        'NT-PATH-004',
        'pod/db (198.51.100.7:80) does not answer itself: the probe never arrives there, it is lost in node/n2, and what comes back ("Connection refused") is made on the way in its name, and seen first at node/n2.',
      ],
    ]);
  });
});

describe('a destination that refuses itself', () => {
  const refused = (listeners: string, more: Parameters<typeof evidence>[0] = {}): Evidence => {
    const lines = (id: string): string =>
      ALL.filter(([place]) => place === id)
        .map(([, line]) => `${line.replace('[S.]', '[R.]')}\n`)
        .join('');
    return evidence({
      'to0-reach': REFUSED,
      'p3-listeners': result(listeners),
      ...SOCKETS,
      ...Object.fromEntries(PLACES.map(({ id }) => [`${id}-seen`, result(lines(id))])),
      ...more,
    });
  };
  const sentence = (all: Evidence) =>
    judgePath(all, DEEP).findings.map(({ id, summary }) => `${id} ${summary}`);
  const START = 'NT-PATH-007 pod/db (198.51.100.7:80) refuses the connection itself ("Connection refused"): ';

  it.each([
    ['', 'nothing listens there, on any TCP port.'],
    [
      'tcp LISTEN 0 128 0.0.0.0:8080 0.0.0.0:*\ntcp LISTEN 0 128 127.0.0.1:9090 0.0.0.0:*\nudp UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n',
      'nothing listens on port 80 there, but on 8080 and 9090 (loopback only).',
    ],
    [
      'tcp LISTEN 0 128 127.0.0.1:80 0.0.0.0:*\n',
      'what listens on port 80 there does so on 127.0.0.1 alone, which only the destination itself can reach.',
    ],
  ])('%j', (listeners, words) => {
    expect(sentence(refused(listeners))).toEqual([`${START}${words}`]);
  });

  it('is not accused where the port is open: something rejects there that nobody saw', () => {
    expect(sentence(refused(LISTENS))).toEqual([]);
  });
});

it('does not pass a connection that a watched place saw nothing of', () => {
  const all = seen(ALL.length, { 'p3-seen': result('') });
  const { status, summary } = judgePath(all, DEEP);
  expect(status).toBe('error');
  expect(summary).toMatch(/^pod\/db: it connected, but its packets were not seen at pod\/db/);
});

describe('what the sockets of a destination drop', () => {
  const snmp = (opens: number, read: number, full: number): string =>
    `Tcp: PassiveOpens\nTcp: ${opens}\nUdp: InDatagrams RcvbufErrors\nUdp: ${read} ${full}\n`;
  const overflows = (n: number): string => `TcpExt: ListenOverflows\nTcpExt: ${n}\n`;
  const socket = (protocol: string, port: number, drops: number): string =>
    `${protocol} LISTEN 0      4      0.0.0.0:${port} 0.0.0.0:*\n\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d${drops})\n`;

  /** The kernel's words at p3 before and after: counters of TCP and UDP, and drops of sockets. */
  function around(before: readonly [string, string], after: readonly [string, string]): Evidence {
    return evidence({
      'p3-counters-before': result(before[0]),
      'p3-counters6-before': result('Udp6RcvbufErrors 0\nUdp6InDatagrams 0\n'),
      'p3-drops-before': result(before[1]),
      'p3-counters-after': result(after[0]),
      'p3-counters6-after': result('Udp6RcvbufErrors 0\nUdp6InDatagrams 0\n'),
      'p3-drops-after': result(after[1]),
    });
  }
  const told = (judgement: ReturnType<typeof judgePath>): string[] =>
    judgement.findings
      .filter(({ id }) => id.startsWith('NT-PATH'))
      .map(({ id, severity, summary }) => `${id} ${severity} ${summary}`);

  describe('of connections', () => {
    const run = (overflown: number, dropped: number, port = 80, passed = ALL.length) =>
      judgePath(
        seen(
          passed,
          around(
            [`${snmp(5, 0, 0)}${overflows(7)}`, socket('tcp', port, 2)],
            [`${snmp(9, 0, 0)}${overflows(7 + overflown)}`, socket('tcp', port, 2 + dropped)],
          ),
        ),
        DEEP,
      );

    it('is told with the port, by what the socket and the kernel have counted both', () => {
      expect(told(run(30, 30))).toEqual([
        'NT-PATH-009 warning pod/db (198.51.100.7:80): the accept queue of port 80 at pod/db overflowed and dropped 30 connection attempts during the run, while 4 connections were accepted there.',
      ]);
      expect(told(run(12, 30))[0]).toContain('dropped 12 connection attempts');
    });

    it('is one burst where it is little', () => {
      expect(told(run(3, 3))).toEqual([
        'NT-PATH-009 info pod/db (198.51.100.7:80): the accept queue of port 80 at pod/db overflowed and dropped 3 connection attempts during the run, while 4 connections were accepted there; it may be one burst, measure again.',
      ]);
    });

    it.each([
      ['another port overflows', run(30, 30, 81)],
      ['the socket drops for another reason', run(0, 30)],
      ['nothing is dropped', run(0, 0)],
    ])('is not told where %s', (_name, judgement) => {
      expect(told(judgement)).toEqual([]);
      expect(judgement.status).toBe('pass');
    });

    it('is left to the finding of the loss where the probe itself is lost', () => {
      expect(told(run(30, 30, 80, 6)).map((text) => text.slice(0, 11))).toEqual(['NT-PATH-005']);
    });
  });

  describe('of datagrams', () => {
    const UDP: PathInput = {
      places: [{ id: 'p3', label: 'pod/db', isTarget: false }],
      routes: [
        {
          destination: destination({
            label: 'pod/db:53/udp',
            host: '198.51.100.7',
            port: '53',
            protocol: 'udp',
          }),
          places: [{ id: 'p3', role: 'destination' }],
        },
      ],
    };
    const run = (full: number, dropped: number, port = 53) =>
      judgePath(
        around(
          [snmp(0, 5, 1), socket('udp', port, 1)],
          [snmp(0, 9, 1 + full), socket('udp', port, 1 + dropped)],
        ),
        UDP,
      );

    it('is told with the port', () => {
      expect(told(run(30, 30))).toEqual([
        'NT-PATH-010 warning pod/db:53/udp (198.51.100.7:53): 30 datagrams to UDP port 53 did not fit into the receive buffer at pod/db during the run, while 4 were read there.',
      ]);
      expect(told(run(2, 2))[0]).toMatch(/^NT-PATH-010 info .*it may be one burst, measure again\.$/);
    });

    it.each([
      ['another port overflows', run(30, 30, 54)],
      ['the socket drops for another reason', run(0, 30)],
      ['nothing is dropped', run(0, 0)],
    ])('is not told where %s', (_name, judgement) => {
      expect(told(judgement)).toEqual([]);
      expect(judgement).toMatchObject({
        status: 'pass',
        summary:
          'No receive buffer of pod/db:53/udp overflowed during the run; datagrams are not followed on their way.',
      });
    });

    it('is not known where it could not be read', () => {
      expect(judgePath({}, UDP).status).toBe('skip');
      const blind = around(
        [snmp(0, 5, 1), 'udp UNCONN 0 0 *:53 *:*\n'],
        [snmp(0, 9, 9), 'udp UNCONN 0 0 *:53 *:*\n'],
      );
      expect(judgePath(blind, UDP)).toMatchObject({
        status: 'skip',
        summary: 'What the sockets of pod/db drop could not be read: ss does not show what sockets drop.',
      });
    });
  });
});
