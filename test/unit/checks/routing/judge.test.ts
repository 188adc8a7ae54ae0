import { describe, expect, it } from 'vitest';
import type { RoutingInput } from '../../../../src/checks/routing/facts.ts';
import { judgeRouting } from '../../../../src/checks/routing/judge.ts';
import { adviceText } from '../../../../src/model/advice.ts';
import { counted, json, problemsOf, type RecordedRun, recorded, withOutput } from '../recorded-ways.ts';

const healthy = recorded<RoutingInput>('routing-healthy');
const far = healthy.input.destinations.find((d) => d.label === 'pod/far');
const farId = far?.id ?? '';
const farAddress = far?.host ?? '';
const judged = ({ evidence, input }: RecordedRun<RoutingInput>) => judgeRouting(evidence, input);
const problems = (run: RecordedRun<RoutingInput>) => problemsOf(judged(run));
const silence = {
  [`${farId}-icmp`]: `PING ${farAddress} (${farAddress}) 56(84) bytes of data.\n\n--- ${farAddress} ping statistics ---\n3 packets transmitted, 0 received, 100% packet loss, time 1230ms\n`,
  [`${farId}-tcp`]: `address ${farAddress}\ntry\n`,
};
const told = (sender: string, what: string) => ({
  ...silence,
  [`${farId}-icmp`]: `PING ${farAddress} (${farAddress}) 56(84) bytes of data.\nFrom ${sender} icmp_seq=1 ${what}\n\n--- ${farAddress} ping statistics ---\n3 packets transmitted, 0 received, +1 errors, 100% packet loss, time 1230ms\n`,
});
const onHost = (run: RecordedRun<RoutingInput>): RecordedRun<RoutingInput> => ({
  ...run,
  input: { ...run.input, pod: { ...run.input.pod, hostNetwork: true } },
});

describe('NT-RT-015', () => {
  const hop = (cache: string) => ({
    [`${farId}-hop`]: `address ${farAddress}\n${farAddress} via 198.18.1.77 dev eth0 src 198.18.1.2 uid 0 \n    ${cache}\n`,
  });
  const REDIRECTED = hop('cache <redirected> expires 298sec');

  it('leads where nothing comes back', () => {
    const judgement = judged(withOutput(healthy, { ...REDIRECTED, ...silence }));
    const found = judgement.findings.find(({ id }) => id === 'NT-RT-015');
    expect(found).toMatchObject({ severity: 'critical', subject: 'pod/far' });
    expect(found?.summary).toMatch(
      /^Packets to pod\/far \([\d.]+\) go to 198\.18\.1\.77 on eth0 since an ICMP redirect said so, and nothing comes back\. The routing table has default via /,
    );
  });

  it('is silent where the destination answers, and where no redirect is in it', () => {
    expect(problems(withOutput(healthy, REDIRECTED))).not.toContain('NT-RT-015 critical');
    expect(problems(withOutput(healthy, { ...hop('cache '), ...silence }))).not.toContain(
      'NT-RT-015 critical',
    );
  });
});

describe('NT-RT-002', () => {
  const refusedWith = (words: string, routes?: string) => {
    const hop = { [`${farId}-hop`]: `address ${farAddress}\nRTNETLINK answers: ${words}\n` };
    const run = withOutput(healthy, { ...hop, ...(routes === undefined ? {} : { routes }) });
    const found = judged(run).findings.find(({ id }) => id === 'NT-RT-002');
    return { summary: found?.summary ?? '', remedy: adviceText(found?.remediation ?? '') };
  };

  it.each([
    ['Invalid argument', /: a blackhole route or rule refuses it, .*EINVAL\)\.$/],
    ['Permission denied', /: a prohibit route or rule refuses it, .*EACCES\)\.$/],
    ['No route to host', /: an unreachable route refuses it, .*EHOSTUNREACH\)\.$/],
  ])('names by "%s" what kind refuses, where the tables cannot be read', (words, expected) => {
    const { summary, remedy } = refusedWith(words, 'Error: "ip" is of busybox');
    expect(summary).toMatch(expected);
    expect(remedy).toMatch(/ip rule show\n.* ip route show table all$/);
  });

  it('names no kind where the kernel says that there is no way and a table has one', () => {
    const { summary, remedy } = refusedWith('Network is unreachable');
    expect(summary).toMatch(
      /: the kernel refuses it, .*\(ENETUNREACH\), though table main has the route default: its link may be down, or a rule/,
    );
    expect(summary).not.toMatch(/none/);
    expect(remedy).not.toMatch(/route del/);
  });
});

describe('NT-RT-003', () => {
  const net1 = (flags: readonly string[]) =>
    json<object>((list) => [...list, { ifname: 'net1', ifindex: 9, flags, operstate: 'UP', addr_info: [] }]);
  const strictOn = (...names: string[]) =>
    ['all', 'default', 'lo', 'eth0', 'net1']
      .map((name) => `/proc/sys/net/ipv4/conf/${name}/rp_filter:${names.includes(name) ? 1 : 0}\n`)
      .join('');
  const drops = (n: number) => ({
    'counters-after': counted('IPReversePathFilter', n),
    'rp-filter': strictOn('net1'),
    addresses: net1(['UP', 'LOWER_UP']),
  });

  it('needs the counter to grow', () => {
    expect(problems(withOutput(healthy, { ...drops(0), ...silence }))).toEqual([]);
    expect(problems(withOutput(healthy, { ...drops(1), ...silence }))).toEqual(['NT-RT-003 critical']);
  });

  it.each([
    ['the way that the question went is strict', { 'rp-filter': strictOn('eth0') }],
    ['none is strict', { 'rp-filter': strictOn() }],
    ['the strict one is down', { addresses: net1([]) }],
  ])('is no cause of silence where %s', (_title, outputs) => {
    const run = withOutput(healthy, { ...drops(2), ...silence, ...outputs });
    expect(problems(run)).toEqual(['NT-RT-003 warning']);
    expect(problems(onHost(run))).toEqual([]);
  });

  it('is one where the files cannot be read', () => {
    expect(problems(withOutput(healthy, { ...drops(1), ...silence, 'rp-filter': '' }))).toEqual([
      'NT-RT-003 critical',
    ]);
  });

  it('is a warning when everything answers, and nothing in the node’s own namespace', () => {
    expect(problems(withOutput(healthy, drops(1)))).toEqual([]);
    expect(problems(withOutput(healthy, drops(2)))).toEqual(['NT-RT-003 warning']);
    expect(problems(onHost(withOutput(healthy, drops(5))))).toEqual([]);
    expect(problems(onHost(withOutput(healthy, { ...drops(5), ...silence })))).toEqual([
      'NT-RT-003 critical',
    ]);
  });
});

describe('NT-RT-001', () => {
  const gone = recorded<RoutingInput>('routing-no-default');
  const route = (dst: string) => ({
    type: 'unicast',
    dst,
    gateway: '198.18.1.1',
    dev: 'eth0',
    table: 'main',
  });

  it('knows the two halves of a default route, and not one alone', () => {
    const halves = (...dsts: string[]) => ({ routes: json((list) => [...dsts.map(route), ...list]) });
    expect(problems(withOutput(gone, halves('0.0.0.0/1')))).toContain('NT-RT-001 critical');
    expect(problems(withOutput(gone, halves('0.0.0.0/1', '128.0.0.0/1')))).not.toContain(
      'NT-RT-001 critical',
    );
  });

  it('explains nothing of a destination with a route of its own', () => {
    const sparesOf = (run: RecordedRun<RoutingInput>) =>
      judged(run).findings.find(({ id }) => id === 'NT-RT-001')?.spares ?? [];
    const own = { [`${farId}-hop`]: healthy.evidence[`${farId}-hop`]?.stdout ?? '' };
    expect(sparesOf(gone)).not.toContain('pod/far');
    expect(sparesOf(withOutput(gone, own))).toContain('pod/far');
  });

  it('says of a network of one family that it is one, and gives no remedy that could not help', () => {
    const six = { [`${farId}-hop`]: 'address 2001:db8::1\nRTNETLINK answers: Network is unreachable\n' };
    const found = judged(withOutput(healthy, six)).findings.find(({ id }) => id === 'NT-RT-001');
    expect(found?.summary).toMatch(
      /^The target has no IPv6 address, and no IPv6 default route, and so none to/,
    );
    expect(adviceText(found?.remediation ?? '')).toMatch(/IPv4 only: use an IPv4 address/);
    expect(adviceText(found?.remediation ?? '')).not.toMatch(/delete|by hand/i);
  });

  describe('of IPv6, where router advertisements are ignored', () => {
    type Listed = { ifname: string; addr_info: object[] };
    const lost = { [`${farId}-hop`]: 'address 2001:db8::1\nRTNETLINK answers: Network is unreachable\n' };
    const settings = (acceptRa: number, forwarding: number) =>
      `/proc/sys/net/ipv4/conf/all/rp_filter:0\n/proc/sys/net/ipv6/conf/eth0/accept_ra:${acceptRa}\n/proc/sys/net/ipv6/conf/eth0/forwarding:${forwarding}\n`;
    const six = { family: 'inet6', local: '2001:db8:9::5', prefixlen: 64, scope: 'global', dynamic: true };
    const having = (...more: object[]) =>
      json<Listed>((list) =>
        list.map((one) => (one.ifname === 'eth0' ? { ...one, addr_info: [...one.addr_info, ...more] } : one)),
      );
    const found = (rpFilter: string, addresses = having(six)) =>
      judged(withOutput(healthy, { ...lost, addresses, 'rp-filter': rpFilter })).findings.find(
        ({ id }) => id === 'NT-RT-001',
      );

    it('says so, and what takes them', () => {
      const finding = found(settings(1, 1));
      expect(finding?.summary).toMatch(
        /^There is no IPv6 default route, and so none to .*; eth0, whose address has a lifetime and so came from its link, takes no route from router advertisements: net\.ipv6\.conf\.eth0\.forwarding is 1, and accept_ra is 1 there, not 2\.$/,
      );
      expect(finding?.evidence.map(({ excerpt }) => excerpt)).toContain(
        '/proc/sys/net/ipv6/conf/eth0/accept_ra:1\n/proc/sys/net/ipv6/conf/eth0/forwarding:1',
      );
      expect(adviceText(finding?.remediation ?? '')).toMatch(/net\.ipv6\.conf\.DEVICE\.accept_ra=2/);
    });

    it.each<[string, string, ReturnType<typeof having>?]>([
      ['it does not forward', settings(1, 0)],
      ['it takes them anyway', settings(2, 1)],
      ['somebody else is in charge of them', settings(0, 1)],
      ['the settings could not be read', ''],
      ['the address is there to stay', settings(1, 1), having({ ...six, dynamic: undefined })],
    ])('leaves that out where %s', (_why, rpFilter, addresses) => {
      const finding = found(rpFilter, addresses);
      expect(finding?.summary).toMatch(/^There is no IPv6 default route, and so none to .*unreachable"\.$/);
      expect(adviceText(finding?.remediation ?? '')).not.toMatch(/accept_ra/);
    });
  });

  it('needs a destination that cannot be sent to', () => {
    const routed = withOutput(gone, { routes: (text) => text });
    const ways = Object.fromEntries(
      gone.input.destinations.filter((d) => d.role !== 'gateway').map((d) => [`${d.id}-hop`, '']),
    );
    expect(
      problems(
        withOutput(routed, { ...ways, [`${farId}-hop`]: healthy.evidence[`${farId}-hop`]?.stdout ?? '' }),
      ),
    ).not.toContain('NT-RT-001 critical');
  });
});

describe('NT-RT-012', () => {
  type Listed = { ifname: string; addr_info: object[]; linkinfo?: object };
  const without = json<Listed>((list) =>
    list.map((one) => (one.ifname === 'lo' ? one : { ...one, addr_info: [] })),
  );
  const tap = json<Listed>((list) => [
    ...list.map((one) => ({ ...one, addr_info: [] })),
    { ...list[0], ifname: 'tap0', addr_info: [], linkinfo: { info_kind: 'tun' } } as Listed,
  ]);

  it('is of a target whose address is on no interface', () => {
    expect(problems(healthy)).toEqual([]);
    expect(problems(withOutput(healthy, { addresses: without }))).toContain('NT-RT-012 critical');
  });

  it('is silent on a node, for a virtual machine, and where nothing was seen', () => {
    for (const run of [
      onHost(withOutput(healthy, { addresses: without })),
      withOutput(healthy, { addresses: tap }),
      withOutput(healthy, { addresses: '[]' }),
      withOutput(healthy, { addresses: '' }),
    ])
      expect(problems(run)).not.toContain('NT-RT-012 critical');
  });
});

describe('NT-RT-005', () => {
  const other = recorded<RoutingInput>('routing-source');

  it('is silent for any of the pod’s own IPs, and in the node’s namespace', () => {
    const addresses = [...other.input.pod.addresses, '203.0.113.9'];
    expect(problems(other)).toEqual(['NT-RT-005 warning']);
    expect(problems({ ...other, input: { ...other.input, pod: { ...other.input.pod, addresses } } })).toEqual(
      [],
    );
    expect(problems(onHost(other))).toEqual([]);
    expect(
      problems({ ...other, input: { ...other.input, pod: { addresses: [], hostNetwork: false } } }),
    ).toEqual([]);
  });

  it('is silent for an address of a further interface', () => {
    const second = withOutput(healthy, {
      addresses: json<{ ifname: string }>((list) => [
        ...list,
        {
          ifname: 'net1',
          ifindex: 9,
          flags: ['UP', 'LOWER_UP'],
          operstate: 'UP',
          addr_info: [{ family: 'inet', local: '192.0.2.5', prefixlen: 24, scope: 'global' }],
        },
      ]),
      [`${farId}-hop`]: `address ${farAddress}\n${farAddress} via 192.0.2.1 dev net1 src 192.0.2.5 uid 0 \n    cache \n`,
    });
    expect(problems(second)).toEqual([]);
  });

  it('sees the pod IP on its way out of another interface', () => {
    const astray = withOutput(healthy, {
      [`${farId}-hop`]: `address ${farAddress}\n${farAddress} via 192.0.2.1 dev net1 src ${healthy.input.pod.addresses[0]} uid 0 \n    cache \n`,
    });
    expect(problems(astray)).toEqual(['NT-RT-005 warning']);
  });
});

describe('NT-RT-011', () => {
  const OVER = 'Time to live exceeded';

  it('names the router whose packet it was, and needs that nothing comes back', () => {
    const report = judged(withOutput(healthy, told('198.51.100.12', OVER)));
    expect(problemsOf(report)).toEqual(['NT-RT-011 critical']);
    expect(report.findings[0]?.summary).toMatch(/loop between routers .*, as 198\.51\.100\.12 says/);
    expect(report.findings[0]?.evidence[0]?.excerpt).toContain(OVER);
    const answered = {
      ...told('198.51.100.12', OVER),
      [`${farId}-tcp`]: `address ${farAddress}\ntry\nok 300\n`,
    };
    expect(problems(withOutput(healthy, answered))).toEqual([]);
  });
});

describe('NT-RT-007', () => {
  const NET = 'Destination Net Unreachable';

  it('names the sender, and needs that nothing else comes back', () => {
    const report = judged(withOutput(healthy, told('198.51.100.12', NET)));
    expect(problemsOf(report)).toEqual(['NT-RT-007 critical']);
    expect(report.findings[0]?.summary).toMatch(
      /the router 198\.51\.100\.12, after the next hop 198\.18\.1\.1/,
    );
    const answered = {
      ...told('198.51.100.12', NET),
      [`${farId}-tcp`]: `address ${farAddress}\ntry\nok 300\n`,
    };
    expect(problems(withOutput(healthy, answered))).toEqual([]);
  });

  it('takes the answer to its first packet, where all others got none', () => {
    const run = withOutput(recorded<RoutingInput>('routing-remote-hop'), silence);
    const report = judged(run);
    expect(problemsOf(report)).toEqual(['NT-RT-007 critical']);
    expect(report.findings[0]?.evidence[0]?.excerpt).toMatch(
      /^From 198\.18\.1\.1 icmp_seq=1 Destination Net/,
    );
    const first = { [`${farId}-first`]: silence[`${farId}-icmp`] ?? '' };
    expect(problems(withOutput(run, first))).toEqual([]);
  });

  it('is not what the target says itself, nor another error', () => {
    const own = healthy.input.pod.addresses[0] ?? '';
    expect(problems(withOutput(healthy, told(own, NET)))).toEqual([]);
    expect(problems(withOutput(healthy, told('198.51.100.12', 'Destination Host Unreachable')))).toEqual([]);
    expect(problems(withOutput(healthy, told('198.51.100.12', 'Packet filtered')))).toEqual([]);
  });

  it('holds without ping, and then has no name', () => {
    const failed = {
      ...silence,
      [`${farId}-tcp`]: `address ${farAddress}\ntry\ntcp-connect: connect: Network is unreachable\ntcp-connect: line 20: /dev/tcp/${farAddress}/80: Network is unreachable\nfailed 900\n`,
    };
    const report = judged(withOutput(healthy, failed));
    expect(problemsOf(report)).toEqual(['NT-RT-007 critical']);
    expect(report.findings[0]?.summary).toContain('a router that did not name itself');
  });
});

describe('NT-RT-004', () => {
  const TABLE = [
    { type: 'unicast', dst: 'default', gateway: '192.0.2.1', dev: 'net1', table: '100', flags: [] },
  ];
  const NET1 = {
    ifname: 'net1',
    ifindex: 9,
    flags: ['UP', 'LOWER_UP'],
    operstate: 'UP',
    addr_info: [{ family: 'inet', local: '192.0.2.5', prefixlen: 24, scope: 'global' }],
  };
  const second = withOutput(healthy, {
    routes: json((list) => [...list, ...TABLE]),
    addresses: json((list) => [...list, NET1]),
  });
  const withRule = (rule: object) => withOutput(second, { rules: json((list) => [...list, rule]) });

  it('is a warning for a table of a further interface, unless a rule looks in it', () => {
    expect(problems(second)).toEqual(['NT-RT-004 warning']);
    expect(problems(withRule({ priority: 100, src: '192.0.2.5', table: '100' }))).toEqual([]);
    expect(problems(withRule({ priority: 100, src: 'all', fwmark: '0x1', table: '100' }))).toEqual([]);
    expect(problems(withRule({ priority: 1000, src: 'all', l3mdev: null }))).toEqual([]);
    expect(problems(onHost(second))).toEqual([]);
  });
});

describe('status', () => {
  it('is an error when a DEST could not be looked up, never a pass', () => {
    const report = judged(withOutput(healthy, { [`${farId}-hop`]: 'unresolved\n' }));
    expect(report.status).toBe('error');
    expect(report.summary).toMatch(/pod\/far could not be looked up: the name does not resolve/);
  });

  it('is a skip without ip', () => {
    const none = Object.fromEntries(
      healthy.input.destinations.map((d) => [`${d.id}-hop`, 'address 192.0.2.1\nno ip\n']),
    );
    expect(judged(withOutput(healthy, none)).status).toBe('skip');
  });
});
