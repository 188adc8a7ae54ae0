import { describe, expect, it } from 'vitest';
import type { OwnHost } from '../../../../src/checks/mtu/facts.ts';
import { judgeMtu } from '../../../../src/checks/mtu/judge.ts';
import { planMtu } from '../../../../src/checks/mtu/plan.ts';
import type { Judgement, ProbeScripts } from '../../../../src/model/check.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, named, result } from '../results.ts';

const stdout = (name: string) => recording(name).stdout;
const HOLE = 'path-mtu-black-hole';

/** Judges one DEST by the outputs of the search and of the transfer. */
function judged(search: string, transfer?: string, rest: Partial<Destination> = {}): Judgement {
  const results = {
    'to0-path-mtu': result(search),
    ...(transfer === undefined ? {} : { 'to0-transfer': result(transfer) }),
  };
  const input = { destinations: [destination(rest)], transfer: transfer !== undefined };
  return judgeMtu(evidence(results), input);
}

describe('a path that carries what may be sent', () => {
  it('passes', () => {
    const judgement = judged(stdout('path-mtu-full'), stdout('tcp-transfer-done'));
    expect(judgement).toMatchObject({ status: 'pass', findings: [] });
    expect(judgement.summary).toBe('1 of 1 destinations measured; packets of 1500 bytes get through.');
  });

  it('is no matter of MTU when a transfer stalls all the same', () => {
    expect(named(judged(stdout('path-mtu-full'), stdout('tcp-transfer-stalled')))).toEqual([]);
  });
});

describe('a path that carries less', () => {
  it('is a black hole when nobody says so', () => {
    const judgement = judged(stdout(HOLE));
    expect(named(judgement)).toEqual(['NT-MTU-001 critical']);
    expect(judgement.findings[0]?.evidence[0]?.excerpt).toContain('bytes 1401 sent 3 received 0');
  });

  it('is a measurement outside of the cluster, and a wrong setting inside, when a router says so', () => {
    expect(judged(stdout('path-mtu-announced'))).toMatchObject({ status: 'pass', findings: [] });
    const inside = judged(stdout('path-mtu-announced'), undefined, { inCluster: true });
    expect(named(inside)).toEqual(['NT-MTU-002 warning']);
    expect(inside.summary).toMatch(/up to 1500 bytes, .* carries 1400 \(says 198\.18\.1\.1\): 100 fewer\.$/);
    // Where nobody says so, the answers may be what is lost.
    const found = judged(stdout(HOLE), undefined, { inCluster: true }).findings.find(
      ({ id }) => id === 'NT-MTU-002',
    );
    expect(found?.summary).toMatch(
      /100 fewer\. The answers are as large, so it may as well be the way back\.$/,
    );
  });

  describe("said by the target's own host", () => {
    const announced = stdout('path-mtu-announced');
    const run = (ownHost: OwnHost | undefined, search = announced, transfer?: string) =>
      judgeMtu(
        evidence({
          'gateway-path-mtu': result(stdout('path-mtu-full').replace(/^address .*$/m, 'address 198.18.1.1')),
          'to0-path-mtu': result(search),
          ...(transfer === undefined ? {} : { 'to0-transfer': result(transfer) }),
        }),
        {
          destinations: [destination({ id: 'gateway', label: 'gateway', role: 'gateway' }), destination()],
          transfer: transfer !== undefined,
          ...(ownHost === undefined ? {} : { ownHost }),
        },
      );

    it('is a wrong setting outside of the cluster too', () => {
      const judgement = run({ kind: 'docker', addresses: [] });
      expect(named(judgement)).toEqual(['NT-MTU-002 warning']);
      expect(judgement.findings[0]).toMatchObject({
        summary: expect.stringMatching(
          /up to 1500 bytes, but the container's host itself sends only 1400 on to example\.com:443 \(says 198\.18\.1\.1\)/,
        ),
        remediation: expect.stringMatching(/"mtu": 1400 in \/etc\/docker\/daemon\.json/),
      });
    });

    it.each([
      [
        'a router further on',
        { kind: 'pod', addresses: [] },
        announced.replaceAll('198.18.1.1 ', '203.0.113.1 '),
        [],
      ],
      [
        'the node by its own address',
        { kind: 'pod', addresses: ['203.0.113.1'] },
        announced.replaceAll('198.18.1.1 ', '203.0.113.1 '),
        ['NT-MTU-002 warning'],
      ],
      ['the next hop of a host, which is another machine', undefined, announced, []],
    ] as const)('%s', (_who, ownHost, search, expected) => {
      expect(named(run(ownHost, search))).toEqual(expected);
    });

    it('is none where the host rewrites the segment size', () => {
      const host = { kind: 'pod', addresses: [] } as const;
      const done = stdout('tcp-transfer-done');
      expect(named(run(host, announced, done.replaceAll('mss:1448', 'mss:1348')))).toEqual([]);
      const told = done.replaceAll('mss:1448', 'mss:1348').replaceAll('pmtu:1500', 'pmtu:1400');
      expect(named(run(host, announced, told))).toEqual(['NT-MTU-002 warning']);
    });
  });

  it('names the overlay whose overhead it is', () => {
    const vxlan = stdout('path-mtu-announced').replaceAll('1400', '1450');
    expect(judged(vxlan, undefined, { inCluster: true }).summary).toMatch(/50 fewer, the overhead of VXLAN/);
  });

  it('says of a node whether it is the network of the nodes that is narrow', () => {
    const peer = destination({ id: 'peer0', label: 'pod/dns on another node', role: 'dns', inCluster: true });
    const far = destination({ id: 'node0', label: 'node/node2', role: 'dns', inCluster: true });
    const run = (search: string | undefined) =>
      judgeMtu(
        evidence({
          'peer0-path-mtu': result(stdout(HOLE)),
          ...(search === undefined ? {} : { 'node0-path-mtu': result(search) }),
        }),
        { destinations: [peer, far], nodes: ['node0'], transfer: false },
      ).findings[0]?.summary;
    expect(run(stdout(HOLE))).toMatch(
      /but the way to node\/node2 itself carries 1400 \(nobody says so\), and so does the way to pod\/dns on another node: it is the network between the nodes/,
    );
    // A way to a node that is whole, or that nobody answers by, says nothing of it.
    for (const other of [stdout('path-mtu-full'), undefined])
      expect(run(other)).toMatch(/but the way to pod\/dns on another node carries 1400/);
  });

  it('is only a filter of pings, or the way back, when full segments get through', () => {
    const judgement = judged(stdout(HOLE), stdout('tcp-transfer-done'));
    expect(judgement.findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual(['NT-MTU-004 info']);
    expect(judgement.findings[0]?.summary).toMatch(
      /^Segments of full size get to .* by TCP, but echo requests of more than 1400 bytes get no answer: either the way back/,
    );
    // Segments that were small anyway prove nothing.
    const small = stdout('tcp-transfer-done').replaceAll('mss:1448', 'mss:1348');
    expect(named(judged(stdout(HOLE), small))).toEqual(['NT-MTU-001 critical']);
  });

  it.each([
    { carries: 576, expected: ['NT-MTU-001 critical'] },
    { carries: 575, expected: [] },
  ])('of $carries bytes', ({ carries, expected }) => {
    const search = stdout(HOLE)
      .replaceAll('1401', String(carries + 1))
      .replaceAll('1400', String(carries));
    expect(named(judged(search))).toEqual(expected);
  });

  it.each([
    { lost: 2, expected: ['NT-MTU-001 critical'] },
    { lost: 1, expected: [] },
  ])('needs 5 lost packets: 3 and $lost', ({ lost, expected }) => {
    const search = stdout(HOLE).replace('bytes 1401 sent 3', `bytes 1401 sent ${lost}`);
    expect(named(judged(search))).toEqual(expected);
  });
});

describe('a transfer alone', () => {
  const judgedAlone = (transfer: string) => named(judged(stdout('path-mtu-no-answer'), transfer));

  it('finds a black hole by its small segments', () => {
    expect(judgedAlone(stdout('tcp-transfer-stalled'))).toEqual(['NT-MTU-001 critical']);
  });

  it('finds none where nothing at all gets through', () => {
    const nothing = stdout('tcp-transfer-stalled')
      .replaceAll(/bytes_acked:\d+ /g, 'bytes_acked:1 ')
      .replaceAll(/sacked:\d+ /g, '');
    expect(judgedAlone(nothing)).toEqual([]);
  });

  it('finds none before the timer has backed off', () => {
    expect(judgedAlone(stdout('tcp-transfer-stalled').replaceAll(/backoff:\d /g, ''))).toEqual([]);
  });
});

describe('several destinations', () => {
  const at = (id: string, rest: Partial<Destination>) => destination({ id, label: id, ...rest });

  it('tell of their gateway alone, which all others lie behind', () => {
    const gateway = at('gateway', { role: 'gateway', inCluster: true });
    const judgement = judgeMtu(
      evidence({ 'gateway-path-mtu': result(stdout(HOLE)), 'to0-path-mtu': result(stdout(HOLE)) }),
      { destinations: [gateway, at('to0', {})], transfer: false },
    );
    expect(named(judgement)).toEqual(['NT-MTU-002 warning', 'NT-MTU-001 critical']);
    expect(judgement.findings[1]).toMatchObject({
      subject: 'gateway',
      summary: expect.stringMatching(/what lies behind it \(to0\)/),
      remediation: expect.stringMatching(/The two ends of eth0's own link differ/),
    });
  });

  it('tell of the endpoint and not of its Service', () => {
    const service = (part: 'virtual' | 'endpoint') => ({
      service: { label: 'svc/web', part },
    });
    const judgement = judgeMtu(
      evidence({
        'to0-transfer': result(stdout('tcp-transfer-stalled')),
        'to1-transfer': result(stdout('tcp-transfer-stalled')),
        'to1-path-mtu': result(stdout(HOLE)),
      }),
      { destinations: [at('to0', service('virtual')), at('to1', service('endpoint'))], transfer: true },
    );
    expect(judgement.findings.map((f) => `${f.id} ${f.subject}`)).toEqual(['NT-MTU-001 to1']);
  });
});

describe('what could not be measured', () => {
  it('is an error when the user asked for it', () => {
    const judgement = judged(stdout('path-mtu-no-answer'), stdout('tcp-transfer-refused'));
    expect(judgement.status).toBe('error');
    expect(judgement.summary).toMatch(/it answers no echo request, and TCP: Connection refused/);
  });

  it('is skipped with the reason where the image cannot do it', () => {
    const judgement = judgeMtu(evidence({ 'gw-path-mtu': result(stdout('path-mtu-busybox')) }), {
      destinations: [destination({ id: 'gw', label: 'gateway', role: 'gateway' })],
      transfer: false,
    });
    expect(judgement).toMatchObject({ status: 'skip', findings: [{ id: 'NT-SYS-001' }] });
  });

  it('never passes with no evidence at all', () => {
    expect(judgeMtu({}, { destinations: [], transfer: false }).status).toBe('skip');
    expect(judged('').status).toBe('skip');
  });
});

describe('NT-MTU-003', () => {
  const search = (route: string) => stdout('path-mtu-full').replace(/^(link \S+ )\d+$/m, `$11320${route}`);

  it('is a route above its link', () => {
    expect(named(judged(search('\nroute-mtu 1442')))).toEqual(['NT-MTU-003 warning']);
    expect(judged(search('\nroute-mtu 1442')).findings[0]?.summary).toMatch(
      /has an MTU of its own, 1442, above the 1320 of eth0, .* segments of up to 1402 bytes/,
    );
  });

  it.each(['', '\nroute-mtu 1320', '\nroute-mtu 1300'])('is silent where the route has %j', (route) => {
    expect(judged(search(route)).findings.map(({ id }) => id)).not.toContain('NT-MTU-003');
  });
});

describe('NT-MTU-004', () => {
  const counters = (joined: number, fragments = 2 * joined) =>
    result(`Ip: ReasmReqds ReasmOKs\nIp: ${fragments} ${joined}\n`);
  const run = (joined: number, ...searches: readonly string[]) =>
    judgeMtu(
      evidence({
        ...Object.fromEntries(searches.map((text, i) => [`to${i}-path-mtu`, result(text)])),
        'counters-before': counters(4),
        'counters-after': counters(4 + joined),
      }),
      {
        destinations: searches.map((_, i) => destination({ id: `to${i}`, label: `host${i}:80` })),
        transfer: false,
      },
    );
  const full = stdout('path-mtu-full');
  const answers = Number(/^bytes 1500 sent \d+ received (\d+)$/m.exec(full)?.[1]);

  it('is of answers that come in fragments', () => {
    const [first] = run(answers, full).findings;
    expect(first).toMatchObject({ id: 'NT-MTU-004', severity: 'warning', subject: 'host0:80' });
    expect(named(run(2 * answers, full, full))).toEqual(['NT-MTU-004 warning']);
    expect(run(2 * answers, full, full).findings[0]?.summary).toContain('host0:80 and host1:80');
    expect(run(answers, full, full).findings[0]?.summary).toContain('one or some of host0:80, host1:80');
  });

  it('leaves out larger datagrams of others, which come in more than two fragments', () => {
    const joined = (others: number, own: number) =>
      judgeMtu(
        evidence({
          'to0-path-mtu': result(full),
          'counters-before': counters(4),
          'counters-after': counters(4 + others + own, 8 + 3 * others + 2 * own),
        }),
        { destinations: [destination({ inCluster: true })], transfer: false },
      );
    expect(named(joined(answers, 0))).toEqual([]);
    expect(named(joined(3, 0))).toEqual([]);
    expect(named(joined(3, answers))).toEqual(['NT-MTU-004 warning']);
  });

  it('is a remark on a node, which puts together what it forwards', () => {
    const judgement = judgeMtu(
      evidence({
        'to0-path-mtu': result(full),
        'counters-before': counters(4),
        'counters-after': counters(4 + answers),
      }),
      { destinations: [destination()], transfer: false, forwards: true },
    );
    expect(judgement.findings).toMatchObject([{ id: 'NT-MTU-004', severity: 'info' }]);
    expect(judgement.findings[0]?.summary).toContain('or what the node forwards for others');
  });

  it.each([
    ['nothing came in fragments', 0, full],
    ['fewer came than were answered', answers - 1, full],
    ['more came than were answered: other traffic', 2 * answers + 1, full],
    ['the way there is narrow', answers, stdout(HOLE)],
  ])('is silent where %s', (_why, joined, search) => {
    expect(run(joined, search).findings.map(({ id }) => id)).not.toContain('NT-MTU-004');
  });
});

describe('NT-MTU-005', () => {
  const ping = (received: number, sent = 3): string =>
    `PING\n\n${sent} packets transmitted, ${received} received, ${(100 * (sent - received)) / sent}% packet loss, time 400ms\n`;
  const run = (fragments: string | undefined, search = stdout('path-mtu-full')) =>
    judgeMtu(
      evidence({
        'to0-path-mtu': result(search),
        ...(fragments === undefined ? {} : { 'to0-fragments': result(fragments) }),
      }),
      { destinations: [destination({ inCluster: true })], transfer: false },
    );

  it('tells that none of what travels in fragments gets through', () => {
    const judgement = run(ping(0));
    expect(named(judgement)).toEqual(['NT-MTU-005 warning']);
    expect(judgement.findings[0]?.summary).toMatch(
      /^Packets of 1500 bytes get to example\.com:443 and back, and none of 3 echo requests of 3000 bytes/,
    );
  });

  it.each<[string, ReturnType<typeof run>]>([
    ['one of them is answered', run(ping(1))],
    ['they could not be sent', run('')],
    ['too few were sent', run(ping(0, 1))],
    ['nobody sent any', run(undefined)],
    [
      'the link carries them in one piece',
      run(ping(0), stdout('path-mtu-full').replace(/\b1500\b/g, '9000')),
    ],
    [
      'nothing is answered',
      run(ping(0), stdout('path-mtu-full').replace(/^(bytes|path-mtu) .*$/gm, 'no-answer')),
    ],
  ])('is silent where %s', (_why, judgement) => {
    expect(judgement.findings.map(({ id }) => id)).not.toContain('NT-MTU-005');
  });

  it('leaves what is narrow to the findings of that', () => {
    expect(run(ping(0), stdout(HOLE)).findings.map(({ id }) => id)).not.toContain('NT-MTU-005');
  });

  it('is looked for inside of the cluster, in a few places', () => {
    const asked = (count: number, rest: Partial<Destination>) =>
      planMtu(
        {
          destinations: Array.from({ length: count }, (_, i) => destination({ id: `to${i}`, ...rest })),
          transfer: false,
        },
        { pathMtu: '' } as ProbeScripts,
      ).after.filter(({ id }) => id.endsWith('-fragments'));
    expect(asked(9, { inCluster: true })).toHaveLength(4);
    expect(asked(9, {})).toEqual([]);
    expect(asked(1, { inCluster: true, role: 'gateway' })).toEqual([]);
  });
});
