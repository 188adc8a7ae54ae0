import { describe, expect, it } from 'vitest';
import type { ArpInput } from '../../../../src/checks/arp/facts.ts';
import { judgeArp } from '../../../../src/checks/arp/judge.ts';
import { parseArping } from '../../../../src/parsers/arping.ts';
import { json, problemsOf, type RecordedRun, recorded, withOutput } from '../recorded-ways.ts';
import { remedyOf } from '../results.ts';

interface Entry {
  dst: string;
  dev: string;
  lladdr?: string;
  state: string[];
}

const healthy = recorded<ArpInput>('arp-healthy');
const near = healthy.input.destinations.find((d) => d.label === 'pod/near');
const nearId = near?.id ?? '';
const nearAddress = near?.host ?? '';
const GATEWAY = '198.18.1.1';
const judged = ({ evidence, input }: RecordedRun<ArpInput>) => judgeArp(evidence, input);
const problems = (run: RecordedRun<ArpInput>) => problemsOf(judged(run));

/** The run with another entry of one neighbour. */
const entry = (address: string, change: Partial<Entry>) => ({
  neighbours: json<Entry>((list) => list.map((e) => (e.dst === address ? { ...e, ...change } : e))),
});
const silent = (id: string, address: string) => ({
  [`${id}-icmp`]: `PING ${address} (${address}) 56(84) bytes of data.\n\n--- ${address} ping statistics ---\n3 packets transmitted, 0 received, 100% packet loss, time 1230ms\n`,
  [`${id}-tcp`]: `address ${address}\ntry\n`,
});
const arping =
  (address: string, ...macs: string[]) =>
  (stdout: string) =>
    [
      ...stdout.split('\n').filter((line) => !/^(ARPING|Unicast|Sent|Received)/.test(line)),
      `ARPING ${address} from 198.18.1.9 eth0`,
      ...macs.map((mac) => `Unicast reply from ${address} [${mac.toUpperCase()}]  0.600ms`),
      'Sent 2 probes (2 broadcast(s))',
      `Received ${macs.length} response(s)`,
      '',
    ].join('\n');
const everybodySilent = Object.fromEntries(
  healthy.input.destinations.flatMap(({ id, host }) =>
    Object.entries(silent(id, host)).filter(([key]) => key in healthy.evidence),
  ),
);

describe('NT-ARP-001 and NT-ARP-002 by the entry', () => {
  it.each([
    ['FAILED', true],
    ['INCOMPLETE', true],
    ['REACHABLE', false],
    ['STALE', false],
    ['DELAY', false],
    ['PROBE', false],
    ['PERMANENT', false],
    ['NOARP', false],
  ])('%s', (state, isBad) => {
    const gone = { ...entry(GATEWAY, { state: [state] }), ...everybodySilent };
    expect(problems(withOutput(healthy, gone))).toEqual(isBad ? ['NT-ARP-001 critical'] : []);
    const away = { ...entry(nearAddress, { state: [state] }), ...silent(nearId, nearAddress) };
    expect(problems(withOutput(healthy, away))).toEqual(isBad ? ['NT-ARP-002 critical'] : []);
  });

  it.each(['FAILED', 'INCOMPLETE'])(
    '%s for a moment, of one that was heard in the run, is a remark',
    (state) => {
      const findings = (address: string, more = {}) =>
        judged(withOutput(healthy, { ...entry(address, { state: [state] }), ...more })).findings;
      const gateway = { id: 'NT-ARP-001', severity: 'info', summary: expect.stringContaining('seen once') };
      expect(findings(GATEWAY)).toEqual([expect.objectContaining(gateway)]);
      const target = { id: 'NT-ARP-002', severity: 'info', summary: expect.stringContaining('seen once') };
      expect(findings(nearAddress)).toEqual([expect.objectContaining(target)]);
      // Traffic tells without ARP, and ARP nothing where all traffic is lost.
      expect(
        problems(
          withOutput(healthy, {
            ...entry(nearAddress, { state: [state] }),
            [`${nearId}-hop`]: arping(nearAddress),
          }),
        ),
      ).toEqual([]);
    },
  );

  it('says nothing of an address that the host itself leads elsewhere', () => {
    const away = withOutput(healthy, {
      ...entry(nearAddress, { state: ['FAILED'] }),
      ...silent(nearId, nearAddress),
    });
    expect(problems({ ...away, input: { ...away.input, taken: [nearId] } })).toEqual([]);
    // What others need of the link stays.
    const gone = withOutput(healthy, { ...entry(GATEWAY, { state: ['FAILED'] }), ...everybodySilent });
    const taken = gone.input.destinations.map(({ id }) => id);
    expect(problems({ ...gone, input: { ...gone.input, taken } })).toEqual(['NT-ARP-001 critical']);
    const judgement = judged({ ...away, input: { ...away.input, taken: [nearId] } });
    expect(JSON.stringify(judgement.measurements['neighbours'])).not.toContain(nearAddress);
  });

  it('says nothing of an entry that no way needs', () => {
    const old = { dst: '198.18.1.250', dev: 'eth0', state: ['FAILED'] };
    expect(problems(withOutput(healthy, { neighbours: json<Entry>((list) => [...list, old]) }))).toEqual([]);
  });
});

describe('NT-ARP-001 by asking', () => {
  it('needs that nothing behind the gateway answers', () => {
    const mute = { 'gateway-hop': arping(GATEWAY) };
    expect(problems(withOutput(healthy, mute))).toEqual([]);
    expect(problems(withOutput(healthy, { ...mute, ...everybodySilent }))).toEqual(['NT-ARP-001 critical']);
  });

  it('is silent for an entry that nobody needs to answer for', () => {
    const mute = { 'gateway-hop': arping(GATEWAY), ...everybodySilent };
    for (const state of ['PERMANENT', 'NOARP']) {
      expect(problems(withOutput(healthy, { ...mute, ...entry(GATEWAY, { state: [state] }) }))).toEqual([]);
    }
  });
});

describe('NT-ARP-002, a PERMANENT entry', () => {
  const wrong = entry(nearAddress, { state: ['PERMANENT'], lladdr: '02:00:00:00:00:99' });

  it('needs another MAC address and silence', () => {
    expect(problems(withOutput(healthy, wrong))).toEqual([]);
    expect(problems(withOutput(healthy, { ...wrong, ...silent(nearId, nearAddress) }))).toEqual([
      'NT-ARP-002 critical',
    ]);
    expect(
      problems(
        withOutput(healthy, {
          ...entry(nearAddress, { state: ['PERMANENT'] }),
          ...silent(nearId, nearAddress),
        }),
      ),
    ).toEqual([]);
  });

  it('is silent where nobody answers to ARP at all: a CNI plugin wrote the entry because of that', () => {
    const unasked = { ...wrong, ...silent(nearId, nearAddress), [`${nearId}-hop`]: arping(nearAddress) };
    expect(problems(withOutput(healthy, unasked))).toEqual([]);
  });

  it('is a warning when only the gateway itself is silent', () => {
    const gateway = {
      ...entry(GATEWAY, { state: ['PERMANENT'], lladdr: '02:00:00:00:00:99' }),
      ...silent('gateway', GATEWAY),
    };
    const far = healthy.input.destinations.find((d) => d.label === 'pod/far');
    const run = withOutput(healthy, gateway);
    const destinations = run.input.destinations.filter((d) => d !== far);
    expect(problems({ ...run, input: { ...run.input, destinations } })).toEqual(['NT-ARP-002 warning']);
    // pod/far is behind it, and answers.
    expect(problems(run)).toEqual([]);
  });
});

describe('NT-ARP-002 at the last hop', () => {
  const last = recorded<ArpInput>('arp-last-hop');
  const id = last.input.destinations.find((d) => d.role === 'asked')?.id ?? '';
  const after = (us: number) => ({
    [`${id}-tcp`]: (stdout: string) => stdout.replace(/^failed \d+$/m, `failed ${us}`),
  });

  it.each([
    [899_999, []],
    [900_000, ['NT-ARP-002 critical']],
  ])('after %d µs', (us, expected) => {
    expect(problems(withOutput(last, after(us)))).toEqual(expected);
  });
});

describe('NT-ARP-003', () => {
  interface Table {
    dev?: string;
    thresh3: number;
    entries: number;
    table_fulls: number;
  }
  const table = (change: Partial<Table>) =>
    json<Table>((list) => list.map((t) => (t.dev === undefined ? { ...t, ...change } : t)));
  const before = table({ table_fulls: 7, thresh3: 1000, entries: 10 });

  it.each([
    [800, 7, []],
    [801, 7, ['NT-ARP-003 warning']],
    [10, 7, []],
    [10, 8, ['NT-ARP-003 critical']],
  ])('%d entries of 1000, table_fulls from 7 to %d', (entries, table_fulls, expected) => {
    const run = withOutput(healthy, {
      'table-before': before,
      'table-after': table({ thresh3: 1000, entries, table_fulls }),
    });
    expect(problems(run)).toEqual(expected);
  });

  // The recording has the table of ARP alone; this is the kernel's own other one.
  const both = (arp: Partial<Table>, ndisc: Partial<Table>) =>
    json<Table>((list) =>
      list.flatMap((t) =>
        t.dev === undefined
          ? [
              { ...t, ...arp },
              { ...t, family: 'inet6', name: 'ndisc_cache', ...ndisc },
            ]
          : t,
      ),
    );
  const calm = { thresh3: 1000, entries: 10, table_fulls: 7 };

  it.each([
    [{ ...calm, entries: 800 }, []],
    [{ ...calm, entries: 801 }, ['NT-ARP-003 warning']],
    [{ ...calm, table_fulls: 8 }, ['NT-ARP-003 critical']],
  ])('the table of IPv6: %j', (ndisc, expected) => {
    const run = withOutput(healthy, {
      'table-before': both(calm, calm),
      'table-after': both(calm, ndisc),
    });
    expect(problems(run)).toEqual(expected);
    const [said] = judged(run).findings.filter(({ id }) => id === 'NT-ARP-003');
    if (expected.length > 0)
      expect(said?.summary).toMatch(/^The node's neighbour table of IPv6 (has|overflowed)/);
    expect(judged(run).measurements['table6']).toEqual({
      entries: ndisc.entries,
      limit: 1000,
      overflows: ndisc.table_fulls - 7,
    });
  });

  it('takes the share that the user gives', () => {
    const run = withOutput(healthy, {
      'table-before': before,
      'table-after': table({ thresh3: 1000, entries: 300, table_fulls: 7 }),
    });
    expect(problems({ ...run, input: { ...run.input, tableShare: 0.25 } })).toEqual(['NT-ARP-003 warning']);
  });
});

describe('NT-ARP-004', () => {
  const OTHER = '02:00:00:00:00:aa';
  const macOf = (address: string) => {
    const list = JSON.parse(healthy.evidence['neighbours']?.stdout ?? '[]') as Entry[];
    return list.find((e) => e.dst === address)?.lladdr ?? '';
  };
  const own = healthy.evidence['duplicates']?.stdout.split(' ')[1] ?? '';
  const dad = (mac: string) => ({
    duplicates: `own ${own} eth0 ARPING ${own} from 0.0.0.0 eth0\nown ${own} eth0 Unicast reply from ${own} [${mac.toUpperCase()}]  0.600ms\nown ${own} eth0 Sent 1 probes (1 broadcast(s))\nown ${own} eth0 Received 1 response(s)\n`,
  });

  it('counts another host, and not the gateway in its place', () => {
    expect(problems(withOutput(healthy, dad(OTHER)))).toEqual(['NT-ARP-004 critical']);
    expect(problems(withOutput(healthy, dad(macOf(GATEWAY))))).toEqual([]);
  });

  it('tells how many addresses of the target were left out', () => {
    const found = (stdout: string) =>
      judged(withOutput(healthy, { duplicates: stdout }))
        .findings.filter(({ id }) => id === 'NT-SYS-001')
        .map(({ summary }) => summary);
    const all = healthy.evidence['duplicates']?.stdout ?? '';
    expect(found(`${all}more 2\n`)).toEqual([
      'duplicates of all own addresses (NT-ARP-004): the target has more addresses, 2 of which were left out.',
    ]);
    expect(found(all)).toEqual([]);
  });

  it('counts two answers for a next hop, and not those of the gateway', () => {
    const answers = (...macs: string[]) => ({ [`${nearId}-hop`]: arping(nearAddress, ...macs) });
    expect(problems(withOutput(healthy, answers(macOf(nearAddress), OTHER)))).toEqual([
      'NT-ARP-004 critical',
    ]);
    expect(judged(withOutput(healthy, answers(macOf(nearAddress), OTHER))).summary).toMatch(
      /; one host with two interfaces on this link looks alike: name another address of it as a DEST beside it/,
    );
    expect(problems(withOutput(healthy, answers(macOf(nearAddress), macOf(GATEWAY))))).toEqual([]);
    expect(problems(withOutput(healthy, { 'gateway-hop': arping(GATEWAY, macOf(GATEWAY), OTHER) }))).toEqual([
      'NT-ARP-004 critical',
    ]);
  });

  it('tells one host with two interfaces, by the other address that both answer for', () => {
    const other = '198.18.1.240';
    const both = [macOf(nearAddress), OTHER];
    const { peers } = healthy.input;
    const second = { id: 'second', label: 'storage', address: other };
    const one = withOutput(healthy, { [`${nearId}-hop`]: arping(nearAddress, ...both) });
    const hop = one.evidence[`${nearId}-hop`];
    if (!hop) throw new Error('no hop');
    const evidence = {
      ...one.evidence,
      'second-hop': { ...hop, id: 'second-hop', stdout: hop.stdout.replaceAll(nearAddress, other) },
    };
    const { findings } = judgeArp(evidence, { ...healthy.input, peers: [...peers, second] });
    const found = findings.filter(({ id }) => id === 'NT-ARP-004');
    expect(found.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
    expect(found[0]?.summary).toMatch(
      /and for 198\.18\.1\.240 too: it is one host with 2 interfaces on this link/,
    );
    expect(remedyOf(found[0])).toMatch(/arp_ignore=1/);
  });

  it('reads dadfailed', () => {
    const failed = json<{ addr_info: object[] }>((list) =>
      list.map((i) => ({
        ...i,
        addr_info: [
          ...i.addr_info,
          { family: 'inet6', local: '2001:db8::1', prefixlen: 64, scope: 'global', dadfailed: true },
        ],
      })),
    );
    expect(problems(withOutput(healthy, { addresses: failed }))).toContain('NT-ARP-004 critical');
  });

  it('names the DEST that asks for the address, so that what refuses to send there follows from it', () => {
    const failed = (address: string) =>
      json<{ addr_info: object[] }>((list) =>
        list.map((i, at) =>
          at > 0
            ? i
            : {
                ...i,
                addr_info: [
                  ...i.addr_info,
                  { family: 'inet6', local: address, prefixlen: 64, scope: 'global', dadfailed: true },
                ],
              },
        ),
      );
    const subjects = (address: string) =>
      judged(withOutput(healthy, { addresses: failed(address) }))
        .findings.filter(({ id }) => id === 'NT-ARP-004')
        .map(({ subject }) => subject);
    expect(subjects(nearAddress)).toEqual(['pod/near']);
    expect(subjects('2001:db8::1')).toEqual([undefined]);
  });
});

describe('NT-ARP-005', () => {
  const PROXY = '02:00:00:00:00:bb';
  const more = (count: number, mac: string) =>
    json<Entry>((list) => [
      ...list.map((e) => (e.dst === nearAddress ? { ...e, lladdr: mac } : e)),
      ...Array.from({ length: count - 1 }, (_, i) => ({
        dst: `198.18.1.${230 + i}`,
        dev: 'eth0',
        lladdr: mac,
        state: ['STALE'],
      })),
    ]);
  const answer = { [`${nearId}-hop`]: arping(nearAddress, PROXY) };

  it.each([
    [2, []],
    [3, ['NT-ARP-005 warning']],
  ])('%d addresses', (count, expected) => {
    expect(problems(withOutput(healthy, { ...answer, neighbours: more(count, PROXY) }))).toEqual(expected);
  });

  it('is not the gateway, nor the target’s own MAC address', () => {
    const list = JSON.parse(healthy.evidence['neighbours']?.stdout ?? '[]') as Entry[];
    const gateway = list.find((e) => e.dst === GATEWAY)?.lladdr ?? '';
    const own = JSON.parse(healthy.evidence['addresses']?.stdout ?? '[]') as {
      ifname: string;
      address: string;
    }[];
    const mine = own.find((i) => i.ifname === 'eth0')?.address ?? '';
    for (const mac of [gateway, mine]) {
      const run = withOutput(healthy, {
        neighbours: more(6, mac),
        [`${nearId}-hop`]: arping(nearAddress, mac),
      });
      expect(problems(run)).toEqual([]);
    }
  });
});

describe('the arping of Habets', () => {
  it('says who answers, and that nobody does', () => {
    const asked = (name: string) =>
      Object.values(recorded<ArpInput>(name).evidence).filter(({ id }) => id.endsWith('-hop'));
    const answers = asked('arp-netshoot-healthy').map(({ stdout }) => parseArping(stdout));
    expect(answers.some(({ macs }) => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(macs[0] ?? ''))).toBe(true);
    const silent = asked('arp-netshoot-gateway').filter(({ stdout }) => / 0 packets received/.test(stdout));
    expect(silent.length).toBeGreaterThan(0);
    for (const { stdout } of silent) expect(parseArping(stdout)).toEqual({ macs: [], skipped: undefined });
  });
});
