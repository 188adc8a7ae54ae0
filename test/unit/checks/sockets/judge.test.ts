import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import type { SocketsInput } from '../../../../src/checks/sockets/facts.ts';
import { judgeSockets } from '../../../../src/checks/sockets/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { problemsOf, recorded } from '../recorded-ways.ts';
import { evidence, result } from '../results.ts';

interface Run {
  readonly listeners?: string;
  readonly after?: string;
  readonly overflows?: number;
  /** Connections that were accepted while there were overflows. */
  readonly taken?: number;
  readonly udp?: number;
  /** Datagrams that were read while others were lost. */
  readonly read?: number;
  readonly udp6?: number;
  /** Packets with a wrong checksum, and all that came. */
  readonly wrong?: {
    readonly tcp?: number;
    readonly udp?: number;
    readonly udp6?: number;
    readonly came?: number;
  };
  readonly drops?: readonly [before: string, after: string];
  readonly portUse?: string;
  /** Sockets without an answer, before the run's own and after them, and what a name is. */
  readonly waiting?: readonly [before: string, after: string, during?: string];
  readonly name?: string;
  /** What odd-sockets.sh prints. */
  readonly odd?: string;
  readonly input?: Partial<SocketsInput>;
}

const ANY = 'tcp LISTEN 0 9 *:8080 *:*\n';
const WEB = { port: 8080, protocol: 'tcp', by: 'service', name: 'svc/web' } as const;

function judged(run: Run = {}): Judgement {
  const {
    listeners = ANY,
    after = listeners,
    overflows = 0,
    taken = 0,
    udp = 0,
    read = 0,
    udp6 = 0,
    drops = ['', ''],
    wrong = {},
    input,
  } = run;
  const { came = 0 } = wrong;
  const counters = (listen: number, rcvbuf: number, isAfter: boolean) =>
    result(
      `Tcp: PassiveOpens InSegs InCsumErrors\nTcp: ${listen === 0 ? 0 : taken} ${isAfter ? came : 0} ${3 + (isAfter ? (wrong.tcp ?? 0) : 0)}\nUdp: InDatagrams RcvbufErrors InCsumErrors\nUdp: ${rcvbuf === 0 ? 0 : read} ${7 + rcvbuf} ${isAfter ? (wrong.udp ?? 0) : 0}\nTcpExt: ListenOverflows\nTcpExt: ${9 + listen}\n`,
    );
  return judgeSockets(
    evidence({
      listeners: result(listeners),
      'listeners-after': result(after),
      'waiting-before': result(run.waiting?.[0] ?? ''),
      'waiting-during': result(run.waiting?.[2] ?? ''),
      'waiting-after': result(run.waiting?.[1] ?? ''),
      ...(run.name === undefined ? {} : { name0: result(run.name) }),
      ...(run.odd === undefined ? {} : { 'odd-sockets': result(run.odd) }),
      'port-use': result(run.portUse ?? 'range 32768 60999\ntaken 0\n'),
      'counters-before': counters(0, 0, false),
      'counters-after': counters(overflows, udp, true),
      'counters6-before': result('Udp6RcvbufErrors                	3\nUdp6InCsumErrors 2\n'),
      'counters6-after': result(
        `Udp6RcvbufErrors                	${3 + udp6}\nUdp6InCsumErrors ${2 + (wrong.udp6 ?? 0)}\n`,
      ),
      'udp-before': result(drops[0]),
      'udp-after': result(drops[1]),
    }),
    { expected: [WEB], portShare: 0.8, ...input },
  );
}

const problems = (run: Run) => problemsOf(judged(run));

describe('recorded', () => {
  const of = (name: string) => {
    const { evidence: real, input } = recorded<SocketsInput>(name);
    return judgeSockets(real, input);
  };

  it('is silent on a healthy pod', () => {
    expect(of('sockets-healthy').findings).toEqual([]);
    expect(of('sockets-healthy').summary).toMatch(
      /^1 TCP and 0 UDP sockets listen, no queue overflowed, and \d+ of 28232/,
    );
  });

  it('names what listens on loopback', () => {
    expect(problemsOf(of('sockets-loopback'))).toEqual(['NT-SOCK-002 critical']);
  });
});

describe('NT-SOCK-001', () => {
  it.each([
    ['on all addresses', ANY, []],
    ['on one address', 'tcp LISTEN 0 9 198.51.100.7:8080 0.0.0.0:*\n', []],
    ['on IPv6', 'tcp LISTEN 0 9 [::]:8080 [::]:*\n', []],
    ['by UDP', 'udp UNCONN 0 0 0.0.0.0:8080 0.0.0.0:*\n', ['NT-SOCK-001 critical']],
    ['on another port', 'tcp LISTEN 0 9 *:8081 *:*\n', ['NT-SOCK-001 critical']],
    ['nowhere', '', ['NT-SOCK-001 critical']],
  ])('listening %s', (_what, listeners, expected) => {
    expect(problems({ listeners })).toEqual(expected);
  });

  it('is a remark where something listens at the end of the run', () => {
    const one = judged({ listeners: '', after: ANY });
    expect(one.status).toBe('pass');
    expect(one.findings).toMatchObject([{ id: 'NT-SOCK-001', severity: 'info' }]);
  });

  it('is a remark for a port that is only declared', () => {
    const declared = { ...WEB, by: 'declared', name: 'app' } as const;
    const one = judged({ listeners: '', input: { expected: [declared] } });
    expect(one.status).toBe('pass');
    expect(one.findings.map((f) => [f.id, f.severity])).toEqual([['NT-SOCK-001', 'info']]);
  });
});

describe('NT-SOCK-002', () => {
  it.each([
    ['loopback', 'tcp LISTEN 0 9 127.0.0.1:8080 0.0.0.0:*\n', ['NT-SOCK-002 critical']],
    [
      'both loopbacks',
      'tcp LISTEN 0 9 127.0.0.1:8080 0.0.0.0:*\ntcp LISTEN 0 9 [::1]:8080 [::]:*\n',
      ['NT-SOCK-002 critical'],
    ],
    [
      'loopback and an address',
      'tcp LISTEN 0 9 127.0.0.1:8080 0.0.0.0:*\ntcp LISTEN 0 9 198.51.100.7:8080 0.0.0.0:*\n',
      [],
    ],
  ])('bound to %s', (_what, listeners, expected) => {
    expect(problems({ listeners })).toEqual(expected);
  });

  it('is a warning for a port that is only declared', () => {
    const declared = { ...WEB, by: 'declared', name: 'app' } as const;
    const listeners = 'tcp LISTEN 0 9 127.0.0.1:8080 0.0.0.0:*\n';
    expect(problems({ listeners, input: { expected: [declared] } })).toEqual(['NT-SOCK-002 warning']);
  });
});

describe('NT-SOCK-003', () => {
  const waiting = (n: number) => `tcp LISTEN ${n} 9 *:8080 *:*\n`;
  it.each([
    { overflows: 0, taken: 0, listeners: ANY, after: waiting(0), expected: [] },
    { overflows: 9, taken: 0, listeners: ANY, after: waiting(0), expected: ['NT-SOCK-003 info'] },
    { overflows: 10, taken: 0, listeners: ANY, after: waiting(0), expected: ['NT-SOCK-003 warning'] },
    { overflows: 10, taken: 9990, listeners: ANY, after: waiting(0), expected: ['NT-SOCK-003 warning'] },
    { overflows: 10, taken: 9991, listeners: ANY, after: waiting(0), expected: ['NT-SOCK-003 info'] },
    { overflows: 0, taken: 0, listeners: ANY, after: waiting(9), expected: [] },
    { overflows: 0, taken: 0, listeners: ANY, after: waiting(10), expected: ['NT-SOCK-003 info'] },
    { overflows: 0, taken: 0, listeners: waiting(10), after: waiting(10), expected: ['NT-SOCK-003 warning'] },
    { overflows: 1, taken: 0, listeners: waiting(10), after: waiting(9), expected: ['NT-SOCK-003 info'] },
  ])('$overflows overflows of $taken, $listeners, then $after', ({ expected, ...run }) => {
    expect(judged(run).findings.map((f) => `${f.id} ${f.severity}`)).toEqual(expected);
  });

  it('says of a moment what it is', () => {
    const one = judged({ overflows: 2, taken: 40 });
    expect(one.status).toBe('pass');
    expect(one.summary).not.toContain('no queue overflowed');
    expect(one.findings[0]?.summary).toMatch(
      /^An accept queue was full 2 times in the run, .*; 40 connections were accepted meanwhile: .*, measure again\.$/,
    );
  });

  it('does not take what waits in a UDP buffer for connections', () => {
    expect(problems({ after: 'udp UNCONN 212992 0 0.0.0.0:53 0.0.0.0:*\n' })).toEqual([]);
  });
});

describe('NT-SOCK-004', () => {
  it.each([
    [7, []],
    [8, ['NT-SOCK-004 warning']],
  ])('%i of 10 ports', (taken, expected) => {
    expect(
      problems({ portUse: `range 45000 45009\ntaken ${taken}\npeer ${taken} 198.51.100.7:80\n` }),
    ).toEqual(expected);
  });

  it('keeps to the share that it is given', () => {
    const portUse = 'range 45000 45009\ntaken 5\npeer 5 198.51.100.7:80\n';
    expect(problems({ portUse, input: { portShare: 0.5 } })).toEqual(['NT-SOCK-004 warning']);
    expect(problems({ portUse, input: { portShare: 0.51 } })).toEqual([]);
  });

  it('counts each remote end by itself', () => {
    expect(
      problems({ portUse: 'range 45000 45009\ntaken 9\npeer 5 198.51.100.7:80\npeer 5 198.51.100.8:80\n' }),
    ).toEqual([]);
  });

  it('tells that none is left for who binds a port before it connects', () => {
    const run = { portUse: 'range 45000 45009\ntaken 10\npeer 5 198.51.100.1:80\npeer 5 198.51.100.2:80\n' };
    expect(problems(run)).toEqual(['NT-SOCK-004 warning']);
    expect(judged(run).findings[0]?.summary).toMatch(
      /^10 of 10 ephemeral ports .* no single destination has many/,
    );
  });
});

describe('NT-SOCK-005', () => {
  it.each([
    [0, 0, 0, []],
    [9, 0, 0, ['NT-SOCK-005 info']],
    [10, 0, 0, ['NT-SOCK-005 warning']],
    [0, 10, 0, ['NT-SOCK-005 warning']],
    [5, 5, 0, ['NT-SOCK-005 warning']],
    [10, 0, 9990, ['NT-SOCK-005 warning']],
    [10, 0, 9991, ['NT-SOCK-005 info']],
  ])('%i IPv4 and %i IPv6 datagrams lost, %i read', (udp, udp6, read, expected) => {
    expect(judged({ udp, udp6, read }).findings.map((f) => `${f.id} ${f.severity}`)).toEqual(expected);
  });

  it('names the socket', () => {
    const socket = (drops: number) =>
      `UNCONN 0 0 0.0.0.0:7000 0.0.0.0:*\n\t skmem:(r0,rb1,t0,tb1,f0,w0,o0,bl0,d${drops})\n`;
    expect(judged({ udp: 12, drops: [socket(4), socket(7)] }).summary).toMatch(
      /^12 UDP datagrams .*; 3 of them by the socket 0\.0\.0\.0:7000\.$/,
    );
  });
});

describe('NT-SOCK-006', () => {
  it.each([
    [{}, []],
    [{ tcp: 2 }, ['NT-SOCK-006 info']],
    [{ tcp: 3 }, ['NT-SOCK-006 warning']],
    [{ udp: 3 }, ['NT-SOCK-006 warning']],
    [{ udp6: 3 }, ['NT-SOCK-006 warning']],
    [{ tcp: 3, came: 3000 }, ['NT-SOCK-006 warning']],
    [{ tcp: 3, came: 3001 }, ['NT-SOCK-006 info']],
  ])('%o', (wrong, expected) => {
    expect(judged({ wrong }).findings.map((f) => `${f.id} ${f.severity}`)).toEqual(expected);
  });

  it('says how many of how many, and quotes the counters', () => {
    const [found] = judged({ wrong: { tcp: 23, came: 40 } }).findings;
    expect(found?.summary).toBe(
      'Packets arrived with a wrong checksum during the run and were discarded: 23 of TCP (40 came in all).',
    );
    expect(found?.evidence[0]?.excerpt).toContain('Tcp InCsumErrors 3 before, 26 after');
  });
});

describe('what is missing', () => {
  it('skips, and never passes', () => {
    const none = { status: 'missing' as const, code: 127 };
    const one = judgeSockets(
      evidence({ listeners: result('', none), 'port-use': result('range 32768 60999\nno ss\n') }),
      { expected: [WEB], portShare: 0.8, servicesSkipped: 'the user may not list services' },
    );
    expect(one.status).toBe('skip');
    expect(problemsOf(one)).toEqual([]);
    const said = one.findings.map((f) => f.summary);
    expect(said).toContain(
      'who listens (NT-SOCK-001, NT-SOCK-002), ephemeral ports (NT-SOCK-004): the image has no ss.',
    );
    expect(said).toContain('ports that Services send to: the user may not list services.');
  });
});

describe('NT-SOCK-008', () => {
  const line = (address: string, port = 5432): string =>
    `0      1      198.18.1.5:40112 ${address}:${port}        timer:(on,420ms,0)\n`;
  /** Another try. */
  const next = (address: string, again = 0): string =>
    `0      1      198.18.1.5:40114 ${address}:5432        timer:(on,1.2sec,${again})\n`;
  const names = [{ label: 'db-0.db:5432', name: 'db-0.db', port: 5432 }];
  const name = '198.18.1.9     STREAM db-0.db\n198.18.1.9     DGRAM\n';
  const found = (run: Run) => judged(run).findings.map(({ id, severity }) => `${id} ${severity}`);
  const WARNS = ['NT-SOCK-008 warning'];

  describe('of a name', () => {
    const stays = (text: string): Run => ({ waiting: [text, text], name, input: { names } });

    it('is of a socket that waits all the time for another address', () => {
      expect(found(stays(line('198.18.1.7')))).toEqual(WARNS);
      expect(judged(stays(line('198.18.1.7'))).findings[0]).toMatchObject({
        subject: 'db-0.db:5432',
        summary:
          'A program of the target waits for 198.18.1.7:5432 at more than one look, and db-0.db is 198.18.1.9: if it means db-0.db, it keeps an address that the name no longer has.',
      });
    });

    const seen = (before: string, during: string, after: string): Run => ({
      waiting: [before, after, during],
      name,
      input: { names },
    });
    const old = '198.18.1.7';

    it.each<[string, Run]>([
      ['an old try was there at the beginning', seen(next(old, 1), line(old), '')],
      ['one try lasts to the second look', seen(line(old), line(old), '')],
      ['the last try is old', seen('', line(old), next(old, 2))],
      ['it was between two tries at the second look', seen(line(old), '', next(old, 1))],
    ])('is of a program that tries again, where %s', (_why, run) => {
      expect(found(run)).toEqual(WARNS);
      expect(judged(run).findings[0]?.evidence[0]?.excerpt).toContain('198.18.1.7:5432');
    });

    it.each<[string, Run]>([
      ['each try is a new one, as of a busy program', seen(line(old), next(old), next(old))],
      ['only the look beside the run has it twice', seen('', line(old) + next(old, 2), '')],
      ['one answer was late, and nothing else waits there', seen('', '', next(old, 1))],
      ['it waits for the address of the name', stays(line('198.18.1.9'))],
      ['it waits for another port', stays(line('198.18.1.7', 443))],
      ['it was seen once', { waiting: [line('198.18.1.7'), ''], name, input: { names } }],
      ['the name is of the other family', { ...stays(line('198.18.1.7')), name: '2001:db8::9 STREAM\n' }],
      ['the name was not told', { ...stays(line('198.18.1.7')), name: '' }],
      ['nobody asked for a name', { waiting: [line('198.18.1.7'), line('198.18.1.7')] }],
    ])('is silent where %s', (_why, run) => {
      expect(found(run)).toEqual([]);
    });
  });

  describe('of a network of Docker', () => {
    const networks = [{ name: 'lan', subnets: ['198.18.40.0/24'], taken: ['198.18.40.1', '198.18.40.4'] }];
    const of = (text: string, more: Partial<SocketsInput> = {}): Run => ({
      waiting: ['', text],
      input: { networks, ...more },
    });

    it('is of an address that no container has, and tells what the name is', () => {
      expect(found(of(line('198.18.40.3')))).toEqual(WARNS);
      const run = { ...of(line('198.18.40.3'), { names }), name: '198.18.40.4 STREAM db-0.db\n' };
      expect(judged(run).findings[0]?.summary).toBe(
        'A program of the target waits for 198.18.40.3:5432 in its network lan, and no container has that address; db-0.db is 198.18.40.4: it keeps an old address of a name.',
      );
    });

    it.each([line('198.18.40.4'), line('198.18.40.1'), line('203.0.113.9'), ''])(
      'is silent for %j',
      (text) => {
        expect(found(of(text))).toEqual([]);
      },
    );
  });
});

describe('connections that live long', () => {
  const socket = (timer: string, since: readonly number[], peer = '192.0.2.9:443'): string =>
    `ESTAB 0 9 198.18.1.5:40000 ${peer} ${timer}\n\t cubic lastsnd:${since[0]} lastrcv:${since[1]} lastack:${since[2]}\n`;
  const found = (run: Run) => judged(run).findings.map(({ id, severity }) => `${id} ${severity}`);

  describe('NT-SOCK-009', () => {
    const dead = (times: number, since: number, peer?: string) =>
      socket(`timer:(on,3sec,${times})`, [900, 99_000, since], peer);

    it('is of one that nobody acknowledges', () => {
      const one = judged({ odd: dead(7, 42_000) });
      expect(one.findings).toMatchObject([
        { id: 'NT-SOCK-009', severity: 'warning', subject: '192.0.2.9:443' },
      ]);
      expect(one.findings[0]?.summary).toBe(
        'A connection of the target to 192.0.2.9:443 has had no answer for 42.00 s: what its program sent was sent again 7 times, and nobody acknowledges it.',
      );
    });

    it('is a remark on a host, where many programs run', () => {
      expect(found({ odd: dead(7, 42_000), input: { isHost: true } })).toEqual(['NT-SOCK-009 info']);
    });

    it('tells how many more there are', () => {
      const odd = [1, 2, 3, 4, 5].map((n) => dead(7, 42_000, `192.0.2.${n}:443`)).join('');
      const { findings } = judged({ odd });
      expect(findings.map(({ subject }) => subject)).toEqual([1, 2, 3].map((n) => `192.0.2.${n}:443`));
      expect(findings.map(({ summary }) => /so it is with .*/.exec(summary)?.[0])).toEqual([
        undefined,
        undefined,
        'so it is with 2 more of its peers.',
      ]);
    });

    it('tells several to one place once', () => {
      const odd = dead(5, 9000) + dead(6, 8000) + dead(5, 9000, '[2001:db8::9]:443');
      expect(judged({ odd }).findings.map(({ summary }) => summary.replace(/:\s.*/, ''))).toEqual([
        '2 connections of the target to 192.0.2.9:443 have had no answer for 9.00 s',
        'A connection of the target to [2001:db8::9]:443 has had no answer for 9.00 s',
      ]);
    });

    it.each([
      ['was sent again three times', dead(3, 9000)],
      ['was acknowledged meanwhile', dead(9, 2999)],
      ['is to itself', dead(9, 9000, '127.0.0.1:443')],
      ['is a handshake', 'SYN-SENT 0 1 198.18.1.5:4 192.0.2.9:443 timer:(on,3sec,6)\n'],
    ])('is silent where it %s', (_why, odd) => {
      expect(found({ odd })).toEqual([]);
    });
  });

  describe('NT-SOCK-010', () => {
    const places = [{ label: '192.0.2.9:443', address: '192.0.2.9', port: 443 }];
    const rest = (...since: readonly number[]) => socket('', since);

    it('is of those to DEST', () => {
      const odd = rest(42_000, 45_000, 41_000) + rest(31_000, 31_000, 31_000);
      const one = judged({ odd, input: { places } });
      expect(one.status).toBe('pass');
      expect(one.findings).toMatchObject([
        {
          id: 'NT-SOCK-010',
          severity: 'info',
          subject: '192.0.2.9:443',
          summary: expect.stringMatching(
            /^2 connections of the target to 192\.0\.2\.9:443 have carried nothing for up to 41\.00 s, and no keepalive keeps them: /,
          ),
        },
      ]);
    });

    it('is of those to a name', () => {
      const names = [{ label: 'db:443', name: 'db', port: 443 }];
      const run = { odd: rest(42_000, 45_000, 41_000), name: '192.0.2.9 STREAM db\n', input: { names } };
      expect(found(run)).toEqual(['NT-SOCK-010 info']);
      const inside = [{ label: 'db:443', name: 'db', port: 443, isInside: true as const }];
      expect(found({ ...run, input: { names: inside } })).toEqual([]);
    });

    it.each<[string, string, Partial<SocketsInput>]>([
      ['a keepalive was acknowledged', rest(42_000, 45_000, 9000), { places }],
      ['it carried something', rest(42_000, 900, 900), { places }],
      ['nobody asked for that place', rest(42_000, 45_000, 41_000), {}],
      [
        'it is to another port',
        rest(42_000, 45_000, 41_000),
        { places: [{ label: 'x', address: '192.0.2.9', port: 80 }] },
      ],
    ])('is silent where %s', (_why, odd, input) => {
      expect(found({ odd, input })).toEqual([]);
    });
  });
});

describe('NT-SVC-028', () => {
  it('is why nothing listens', () => {
    const link = {
      label: 'svc/web',
      namespace: 'shop',
      pod: 'web-0',
      container: 'app',
      isPrevious: false,
      ended: 'Error, exit code 1',
      service: 'web',
      variable: 'WEB_PORT',
      value: 'tcp://198.51.100.9:80',
    };
    const { findings } = judged({ listeners: '', input: { misread: [link] } });
    expect(findings.map(({ id, subject }) => [id, subject])).toEqual([
      ['NT-SVC-028', 'svc/web'],
      ['NT-SOCK-001', 'svc/web'],
    ]);
    expect(findings[0]?.evidence[0]?.command.join(' ')).toBe('kubectl logs -n shop web-0 -c app');
    const linked = linkCauses(findings.map((one) => ({ ...one, remediation: '' })));
    expect(linked[1]?.causedBy).toBe('NT-SVC-028');
  });
});
