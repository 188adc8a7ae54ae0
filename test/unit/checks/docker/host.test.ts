import { describe, expect, it } from 'vitest';
import type { DockerInput } from '../../../../src/checks/docker/facts.ts';
import { judgeDocker } from '../../../../src/checks/docker/judge.ts';
import { adviceText } from '../../../../src/model/advice.ts';
import type { Occurrence } from '../../../../src/model/finding.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, remedyOf, result } from '../results.ts';
import { lan } from './build.ts';

// A Docker host with two networks and a published port, as recorded; faults are made in its text.
const RULES = recording('docker-host-rules').stdout;
const BRIDGE = /-s 198\.18\.144\.0\/24 ! -o (br-\w+)/.exec(RULES)?.[1] ?? '';
const OTHER = /-s 198\.18\.145\.0\/24 ! -o (br-\w+)/.exec(RULES)?.[1] ?? '';
const ROUTES = JSON.stringify([
  { dst: 'default', gateway: '198.51.100.1', dev: 'eth0' },
  { dst: '198.18.144.0/24', dev: BRIDGE, scope: 'link' },
  { dst: '198.18.145.0/24', dev: OTHER, scope: 'link' },
]);
const forwarding = (value: number): string =>
  ['all', BRIDGE].map((name) => `/proc/sys/net/ipv4/conf/${name}/forwarding:${value}\n`).join('');

const published = { port: 8080, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 18080 } as const;
const proxy = {
  protocol: 'tcp',
  hostAddress: '0.0.0.0',
  hostPort: 18080,
  containerAddress: '198.18.144.2',
  containerPort: 8080,
};
const HEALTHY: DockerInput = {
  container: 'web',
  mode: 'lan',
  networks: [lan],
  published: [published, { ...published, hostAddress: '::' }],
  peers: [],
  others: [{ name: 'other', driver: 'macvlan', subnets: ['198.18.145.0/24'] }],
  destinations: [],
  proxies: [proxy],
};

interface Host {
  /** The host's connection table before the probes, and after them. */
  readonly tables?: readonly [string, string];
  readonly rules?: string;
  /** Those of IPv6. */
  readonly rules6?: string;
  /** The addresses of its uplink, eth0, which is not among the recorded interfaces. */
  readonly onUplink?: readonly object[];
  /** For whom it answers as a proxy of IPv6. */
  readonly proxied?: string;
  /** The same before the probes. */
  readonly before?: string;
  readonly nft?: string;
  readonly legacy?: string;
  readonly forwards?: number;
  /** Of the interface that leads outside. */
  readonly uplink?: number;
  readonly listeners?: string;
  /** What connecting to DEST came to, and from which address. */
  readonly reach?: string;
}

function judge(host: Host = {}, input: Partial<DockerInput> = {}): readonly Occurrence[] {
  const { rules = RULES, before = rules, legacy = '' } = host;
  const save = { command: ['iptables-save', '-c'] };
  const all = evidence({
    'resolv-conf': result('nameserver 127.0.0.11\n'),
    'host-iptables-before': result(before, save),
    'host-iptables-after': result(rules, save),
    ...(host.rules6 === undefined ? {} : { 'host-iptables6': result(host.rules6, save) }),
    'host-legacy-before': result('', save),
    'host-legacy-after': result(legacy, save),
    'host-nft-before': result('{"nftables":[]}'),
    'host-nft-after': result(host.nft ?? '{"nftables":[]}'),
    'host-addresses': result(
      host.onUplink === undefined
        ? recording('docker-host-addresses').stdout
        : withUplink(recording('docker-host-addresses').stdout, host.onUplink),
    ),
    ...(host.proxied === undefined ? {} : { 'host-proxied': result(host.proxied) }),
    'host-routes': result(ROUTES),
    'host-listeners': result(host.listeners ?? recording('docker-host-listeners').stdout),
    'host-forwarding': result(
      `${forwarding(host.forwards ?? 1)}/proc/sys/net/ipv4/conf/eth0/forwarding:${host.uplink ?? 1}\n`,
    ),
    ...(host.tables === undefined
      ? {}
      : {
          'host-datagrams-before': result(host.tables[0]),
          'host-datagrams-after': result(host.tables[1]),
        }),
    ...(host.reach === undefined
      ? {}
      : { 'to0-reach': result(host.reach, { command: ['reach', 'tcp', 'x', '80'], durationMs: 4000 }) }),
  });
  return judgeDocker(all, { ...HEALTHY, ...input }).findings;
}

/** The recorded interfaces, and eth0 with these addresses. */
function withUplink(text: string, addresses: readonly object[]): string {
  const all: object[] = JSON.parse(text);
  return JSON.stringify([...all, { ifname: 'eth0', addr_info: addresses }]);
}

const ids = (findings: readonly Occurrence[]): string[] =>
  findings.map(({ id, severity }) => `${id} ${severity}`);
/** The recorded rules with more of them. @param lines `CHAIN words`, at the beginning of their chain in a table */
function withRules(table: 'filter' | 'nat', ...lines: readonly string[]): string {
  const added = lines.map((line) => `[5:300] -A ${line}\n`).join('');
  return RULES.replace(new RegExp(`(\\*${table}\\n(:.*\\n)+)`), `$1${added}`);
}
const without = (pattern: RegExp): string =>
  RULES.split('\n')
    .filter((line) => !pattern.test(line))
    .join('\n');

const to = (address: string): Partial<DockerInput> => ({
  destinations: [destination({ label: `${address}:80`, host: address, port: '80' })],
});
const tried = (address: string, outcome: string): string =>
  `address ${address}\nroute ${address} via 198.18.144.1 dev eth0 src 198.18.144.2 uid 0\ntry 400000\n${outcome}`;
const FAR = '203.0.113.9';
const silent = (address = FAR): string => tried(address, '');
const reached = (address = FAR): string => tried(address, 'ok 600\n');

describe('a healthy host', () => {
  it('has no finding', () => {
    expect(judge()).toEqual([]);
    expect(judge({ reach: reached() }, to(FAR))).toEqual([]);
  });

  it('has none either for a DEST that others drop', () => {
    expect(judge({ reach: silent() }, to(FAR))).toEqual([]);
  });

  it('has none with the rules of Docker 28, written by hand', () => {
    const rules = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-BRIDGE - [0:0]
:DOCKER-CT - [0:0]
:DOCKER-FORWARD - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
[0:0] -A FORWARD -j DOCKER-USER
[0:0] -A FORWARD -j DOCKER-FORWARD
[0:0] -A DOCKER -d 198.18.144.2/32 ! -i ${BRIDGE} -o ${BRIDGE} -p tcp -m tcp --dport 8080 -j ACCEPT
[0:0] -A DOCKER ! -i ${BRIDGE} -o ${BRIDGE} -j DROP
[0:0] -A DOCKER-BRIDGE -o ${BRIDGE} -j DOCKER
[0:0] -A DOCKER-CT -o ${BRIDGE} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[0:0] -A DOCKER-FORWARD -j DOCKER-CT
[0:0] -A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
[0:0] -A DOCKER-FORWARD -j DOCKER-BRIDGE
[0:0] -A DOCKER-FORWARD -i ${BRIDGE} -j ACCEPT
[0:0] -A DOCKER-ISOLATION-STAGE-1 -i ${BRIDGE} ! -o ${BRIDGE} -j DOCKER-ISOLATION-STAGE-2
[0:0] -A DOCKER-ISOLATION-STAGE-2 -o ${OTHER} -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
[0:0] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
[0:0] -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
[0:0] -A POSTROUTING -s 198.18.144.0/24 ! -o ${BRIDGE} -j MASQUERADE
[0:0] -A DOCKER ! -i ${BRIDGE} -p tcp -m tcp --dport 18080 -j DNAT --to-destination 198.18.144.2:8080
COMMIT
`;
    expect(judge({ rules })).toEqual([]);
    const dropped = rules.replace('[0:0] -A FORWARD -j DOCKER-FORWARD\n', '');
    expect(ids(judge({ rules: dropped }))).toEqual(['NT-DKR-009 critical', 'NT-DKR-014 warning']);
  });
});

describe('what is not known', () => {
  it.each<[string, Host, Partial<DockerInput>, RegExp]>([
    ['nobody could look', {}, { unseenHost: 'no right' }, /the Docker host \(.*: no right\./],
  ])('is told: %s', (_title, host, input, says) => {
    const [told, ...more] = judge({ ...host, forwards: 0 }, input);
    expect(more).toEqual([]);
    expect(told).toMatchObject({ id: 'NT-SYS-001', summary: expect.stringMatching(says) });
  });

  it('is no finding where nobody meant to look', () => {
    const seen = evidence({ 'resolv-conf': result('nameserver 127.0.0.11\n') });
    expect(judgeDocker(seen, HEALTHY).findings).toEqual([]);
  });
});

describe('NT-DKR-008: a published port is not led to the container', () => {
  const noRule = without(/ -j DNAT /);
  it.each<[string, Host, Partial<DockerInput>, string[]]>([
    ['docker-proxy does it alone', { rules: noRule }, {}, ['NT-DKR-008 warning']],
    ['somebody listens', { rules: noRule }, { proxies: [] }, ['NT-DKR-008 warning', 'NT-DKR-015 warning']],
    [
      'nobody listens',
      { rules: noRule, listeners: '' },
      { proxies: [] },
      ['NT-DKR-008 critical', 'NT-DKR-015 warning'],
    ],
    [
      'it leads elsewhere',
      { rules: RULES.replace('198.18.144.2:8080\n', '198.18.144.9:8080\n') },
      {},
      ['NT-DKR-008 critical'],
    ],
    [
      'to another port',
      { rules: RULES.replace('--to-destination 198.18.144.2:8080', '--to-destination 198.18.144.2:80') },
      {},
      ['NT-DKR-008 critical'],
    ],
    [
      'another rule comes first',
      {
        rules: withRules('nat', 'DOCKER -p tcp -m tcp --dport 18080 -j DNAT --to-destination 203.0.113.5:80'),
      },
      {},
      ['NT-DKR-008 critical'],
    ],
    [
      'another rule comes first for some',
      {
        rules: withRules(
          'nat',
          'DOCKER -s 203.0.113.5/32 -p tcp -m tcp --dport 18080 -j DNAT --to-destination 203.0.113.5:80',
        ),
      },
      {},
      [],
    ],
    [
      'it is published on loopback only',
      { rules: noRule },
      { published: [{ ...published, hostAddress: '127.0.0.1' }] },
      ['NT-DKR-007 info'],
    ],
    ['the network is routed', { rules: noRule }, { networks: [{ ...lan, masquerades: false }] }, []],
    ['the rule is one of legacy iptables', { rules: noRule, legacy: RULES }, {}, []],
  ])('%s', (_title, host, input, expected) => {
    expect(ids(judge(host, input))).toEqual(expected);
  });
});

describe('NT-DKR-009: what leaves the network is dropped', () => {
  const flushed = without(/-A FORWARD /).replace(':FORWARD ACCEPT [0:0]', ':FORWARD DROP [9:540]');
  it.each<[string, Host, Partial<DockerInput>, string[]]>([
    [
      'by a rule',
      { rules: withRules('filter', `DOCKER-USER -i ${BRIDGE} -j DROP`) },
      {},
      ['NT-DKR-009 critical'],
    ],
    [
      'by one that rejects',
      { rules: withRules('filter', `FORWARD -s 198.18.144.0/24 -j REJECT`) },
      {},
      ['NT-DKR-009 critical'],
    ],
    ['by the policy', { rules: flushed }, {}, ['NT-DKR-009 critical', 'NT-DKR-014 warning']],
    [
      'for some destinations only',
      { rules: withRules('filter', `DOCKER-USER -i ${BRIDGE} -d 192.0.2.0/24 -j DROP`) },
      {},
      [],
    ],
    ['for another network', { rules: withRules('filter', `DOCKER-USER -i ${OTHER} -j DROP`) }, {}, []],
    [
      'on purpose',
      { rules: withRules('filter', `DOCKER-ISOLATION-STAGE-1 -s 198.18.144.0/24 ! -o ${BRIDGE} -j DROP`) },
      { networks: [{ ...lan, internal: true }], published: [] },
      ['NT-DKR-002 warning'],
    ],
    [
      'and yet it gets out',
      { rules: withRules('filter', `DOCKER-USER -i ${BRIDGE} -j DROP`), reach: reached() },
      to(FAR),
      [],
    ],
  ])('%s', (_title, host, input, expected) => {
    expect(ids(judge(host, input))).toEqual(expected);
  });

  it('counts what came during the run, and tells how the rules come back', () => {
    const [found] = judge({ rules: flushed, before: flushed.replace('[9:540]', '[2:120]') });
    expect(found?.summary).toMatch(
      /no rule accepts it, .* FORWARD chain is DROP \(7 packets during the run\)\.$/,
    );
    expect(remedyOf(found)).toMatch(/restart docker/);
  });
});

describe('NT-DKR-010 and 013: what is sent to a DEST is dropped', () => {
  const user = (words: string): string => withRules('filter', `DOCKER-USER ${words}`);
  it.each<[string, Host, string, string[]]>([
    ['by a rule', { rules: user(`-d ${FAR}/32 -j DROP`), reach: silent() }, FAR, ['NT-DKR-013 critical']],
    ['and it was reached', { rules: user(`-d ${FAR}/32 -j DROP`), reach: reached() }, FAR, []],
    [
      'perhaps, and the rule counted nothing',
      { rules: user('-m mark --mark 0x1 -j DROP'), reach: silent() },
      FAR,
      [],
    ],
    [
      'perhaps, and the rule counted',
      {
        rules: user('-m mark --mark 0x1 -j DROP'),
        before: user('-m mark --mark 0x1 -j DROP').replace('[5:300]', '[1:60]'),
        reach: silent(),
      },
      FAR,
      ['NT-DKR-013 critical'],
    ],
    [
      'by INPUT, at the host',
      {
        rules: withRules('filter', 'INPUT -p tcp -m tcp --dport 80 -j REJECT'),
        reach: silent('198.18.144.1'),
      },
      '198.18.144.1',
      ['NT-DKR-013 critical'],
    ],
    [
      'and a refusal came, which no drop sends',
      {
        rules: user(`-d ${FAR}/32 -j DROP`),
        reach: tried(FAR, 'x: connect: Connection refused\nfailed 200\n'),
      },
      FAR,
      [],
    ],
    [
      'and a refusal came, which a reject sends',
      {
        rules: user(`-d ${FAR}/32 -j REJECT`),
        reach: tried(FAR, 'x: connect: Connection refused\nfailed 200\n'),
      },
      FAR,
      ['NT-DKR-013 critical'],
    ],
    ['by isolation', { reach: silent('198.18.145.77') }, '198.18.145.77', ['NT-DKR-010 critical']],
  ])('%s', (_title, host, address, expected) => {
    const found = judge(host, to(address));
    expect(ids(found)).toEqual(expected);
    for (const { subject } of found) expect(subject).toBe(`${address}:80`);
  });

  it('tells the network that DEST is on', () => {
    const [found] = judge({ reach: silent('198.18.145.77') }, to('198.18.145.77'));
    expect(found?.summary).toMatch(/^198\.18\.145\.77 is on network other and "web" on lan, /);
    expect(remedyOf(found)).toMatch(/docker network connect other web/);
  });

  it('is NT-DKR-016 where no container has the address: nothing is gained by attaching to that network', () => {
    const input = to('198.18.145.77');
    const others = (driver: string): DockerInput['others'] => [
      { name: 'other', driver, subnets: ['198.18.145.0/24'] },
    ];
    const bridges = others('bridge');
    const seen = { reach: silent('198.18.145.77') };
    const found = judge(seen, { ...input, others: bridges });
    expect(ids(found)).toEqual(['NT-DKR-016 critical']);
    expect(found[0]).toMatchObject({
      subject: '198.18.145.77:80',
      summary: expect.stringMatching(
        /^198\.18\.145\.77 is in the subnet of Docker network other, but no container/,
      ),
    });
    expect(remedyOf(found[0])).toMatch(/another subnet .*\ndocker network inspect other$/);
    expect(judge({ reach: reached('198.18.145.77') }, { ...input, others: bridges })).toEqual([]);
    expect(ids(judge(seen, { ...input, others: others('overlay') }))).toEqual(['NT-DKR-010 critical']);
  });

  it('follows a published port to its container, where no docker-proxy comes between', () => {
    const rules = RULES.replaceAll(/^.*-A DOCKER -i br-\w+ -j RETURN\n/gm, '').replace(
      ` ! -i ${BRIDGE} -p tcp -m tcp --dport 18080 -j DNAT --to-destination 198.18.144.2:8080`,
      ' -p tcp -m tcp --dport 80 -j DNAT --to-destination 198.18.145.2:8080',
    );
    const input = { ...to('198.18.144.1'), published: [] };
    const [found] = judge({ rules, reach: silent('198.18.144.1') }, input);
    expect(found).toMatchObject({ id: 'NT-DKR-010', subject: '198.18.144.1:80' });
    expect(found?.summary).toMatch(
      /^198\.18\.144\.1:80 leads to 198\.18\.145\.2, which is on network other and "web" on lan, /,
    );
  });

  it('is the proof of NT-DKR-003 where a container is known', () => {
    const address = '198.18.145.2';
    const peer = {
      destination: `${address}:80`,
      by: 'address',
      container: 'far',
      isRunning: true,
      networks: ['other'],
    } as const;
    const found = judge({ reach: silent(address) }, { ...to(address), peers: [peer] });
    expect(ids(found)).toEqual(['NT-DKR-003 critical']);
    expect(JSON.stringify(found[0]?.evidence)).toContain('DOCKER-ISOLATION-STAGE-2');
  });

  it('sees a rule that nft alone shows, by its counter', () => {
    const ruleset = (packets: number): string =>
      JSON.stringify({
        nftables: [
          { chain: { family: 'inet', table: 'own', name: 'fwd', hook: 'forward', policy: 'accept' } },
          {
            rule: {
              family: 'inet',
              table: 'own',
              chain: 'fwd',
              handle: 3,
              // Which of them, cannot be told.
              expr: [
                { limit: { rate: 1, per: 'second' } },
                { counter: { packets, bytes: 0 } },
                { drop: null },
              ],
            },
          },
        ],
      });
    const found = (before: number): readonly Occurrence[] =>
      judgeDocker(
        evidence({
          'host-iptables-before': result(RULES),
          'host-iptables-after': result(RULES),
          'host-nft-before': result(ruleset(before)),
          'host-nft-after': result(ruleset(8)),
          'host-addresses': result(recording('docker-host-addresses').stdout),
          'host-routes': result(ROUTES),
          'to0-reach': result(silent(), { command: ['reach', 'tcp', FAR, '80'], durationMs: 4000 }),
        }),
        { ...HEALTHY, ...to(FAR) },
      ).findings.filter(({ id }) => id !== 'NT-SYS-001');
    expect(ids(found(2))).toEqual(['NT-DKR-013 critical']);
    expect(ids(found(8))).toEqual([]);
  });
});

describe('what the engine is called', () => {
  const words = (input: Partial<DockerInput>): string[] =>
    [
      judge({ forwards: 0 }, input),
      judge({ rules: withRules('filter', 'DOCKER-USER -j DROP') }, input),
      judge({ rules: without(/DNAT|MASQUERADE/) }, input),
    ]
      .flat()
      .filter(({ severity }) => severity !== 'info')
      .flatMap(({ id, title, summary, evidence: quotes, remediation }) => [
        id,
        title,
        summary,
        adviceText(remediation).replaceAll("Docker's own rules", ''),
        ...quotes.map(({ command: [place = ''] }) => place),
      ]);

  it('is podman in titles, sentences and quotes', () => {
    const told = words({ isPodman: true });
    expect(told).toEqual(expect.arrayContaining(['NT-DKR-008', 'NT-DKR-009', 'NT-DKR-011', 'NT-DKR-012']));
    expect(told).toContain('The podman host does not forward packets');
    expect(told).toContain('[podman host]');
    expect(told.filter((text) => text.includes('Docker host'))).toEqual([]);
  });

  it('is Docker elsewhere', () => {
    expect(words({})).toContain('The Docker host does not forward packets');
    expect(words({}).filter((text) => text.includes('podman'))).toEqual([]);
  });
});

describe('NT-DKR-011: forwarding is off', () => {
  it.each<[string, Host, Partial<DockerInput>, string[]]>([
    ['off', { forwards: 0 }, {}, ['NT-DKR-011 critical']],
    [
      'off, and the network needs none',
      { forwards: 0 },
      { networks: [{ ...lan, internal: true }], published: [] },
      ['NT-DKR-002 warning'],
    ],
    ['on', { forwards: 1 }, {}, []],
    [
      'off on the uplink, and DEST is silent',
      { uplink: 0, reach: silent() },
      to(FAR),
      ['NT-DKR-011 critical'],
    ],
    ['off on the uplink, and DEST answers', { uplink: 0, reach: reached() }, to(FAR), []],
    ['off on the uplink, and nobody asked', { uplink: 0 }, {}, []],
    ['on, and DEST is silent', { reach: silent() }, to(FAR), []],
  ])('%s', (_title, host, input, expected) => {
    expect(ids(judge(host, input))).toEqual(expected);
  });
});

describe('NT-DKR-012: addresses are not translated', () => {
  const none = without(/-s 198\.18\.144\.0\/24 .*MASQUERADE/);
  it.each<[string, Host, Partial<DockerInput>, string[]]>([
    ['no rule', { rules: none }, {}, ['NT-DKR-012 critical']],
    ['on purpose', { rules: none }, { networks: [{ ...lan, masquerades: false }] }, []],
    [
      'by another rule',
      { rules: none.replace('-A POSTROUTING -s 198.18.145.0/24', '-A POSTROUTING -s 198.18.144.0/20') },
      {},
      [],
    ],
    [
      'by nft',
      {
        rules: none,
        nft: JSON.stringify({
          nftables: [
            {
              chain: {
                ...{ family: 'inet', table: 'own', name: 'post', hook: 'postrouting' },
                ...{ type: 'nat', prio: 100, policy: 'accept' },
              },
            },
            {
              rule: { family: 'inet', table: 'own', chain: 'post', handle: 2, expr: [{ masquerade: null }] },
            },
          ],
        }),
      },
      {},
      [],
    ],
  ])('%s', (_title, host, input, expected) => {
    expect(ids(judge(host, input))).toEqual(expected);
  });
});

describe('NT-DKR-014: others are kept from a published port', () => {
  const user = (words: string): Host => ({ rules: withRules('filter', `DOCKER-USER ${words}`) });
  it.each<[string, Host, string[]]>([
    ["by the container's port", user('-i eth0 -p tcp -m tcp --dport 8080 -j DROP'), ['NT-DKR-014 warning']],
    [
      'by the published port',
      user('-p tcp -m conntrack --ctorigdstport 18080 --ctdir ORIGINAL -j REJECT'),
      ['NT-DKR-014 warning'],
    ],
    ['by an interface that is not outside', user('-i eth1 -j DROP'), []],
    ['but those that are allowed', user('-i eth0 ! -s 203.0.113.0/24 -j DROP'), ['NT-DKR-014 info']],
    ['those that are blocked alone', user('-s 203.0.113.0/24 -j DROP'), []],
  ])('%s', (_title, host, expected) => {
    expect(ids(judge(host))).toEqual(expected);
  });
});

describe('NT-DKR-015: docker-proxy does not listen', () => {
  it.each<[string, Host, Partial<DockerInput>, string[]]>([
    ['none runs', { listeners: '' }, { proxies: [] }, ['NT-DKR-015 warning']],
    ['one of a rootless engine runs', {}, { proxies: [{ ...proxy, hostAddress: '127.0.0.1' }] }, []],
    [
      "one of another container's port runs",
      {},
      { proxies: [{ ...proxy, hostPort: 18081 }] },
      ['NT-DKR-015 warning'],
    ],
    ['another listens', {}, { proxies: [] }, ['NT-DKR-015 warning']],
    ['its processes cannot be seen', { listeners: '' }, { proxies: undefined as never }, []],
    [
      'it is switched off',
      { rules: RULES.replace('-A OUTPUT ! -d 127.0.0.0/8', '-A OUTPUT'), listeners: '' },
      { proxies: [] },
      [],
    ],
  ])('%s', (_title, host, input, expected) => {
    expect(ids(judge(host, input))).toEqual(expected);
  });
});

describe('NT-DKR-017', () => {
  const raw = (packets: number, match = `-d 198.18.144.2/32 ! -i ${BRIDGE}`): string =>
    `${RULES}*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[${packets}:60] -A PREROUTING ${match} -j DROP\nCOMMIT\n`;

  it('is an info of a rule that drops what comes to the container itself, and a warning where it counts', () => {
    expect(ids(judge({ rules: raw(4) }))).toEqual(['NT-DKR-017 info']);
    expect(ids(judge({ rules: raw(4), before: raw(1) }))).toEqual(['NT-DKR-017 warning']);
    expect(judge({ rules: raw(4), before: raw(1) })[0]?.summary).toMatch(
      /^Other machines do not reach "web" at its own address 198\.18\.144\.2 \(network lan\): .* \(3 packets during the run\)\.$/,
    );
  });

  it('is silent where the rule is about others', () => {
    expect(ids(judge({ rules: raw(4, `-d 198.18.144.9/32 ! -i ${BRIDGE}`) }))).toEqual([]);
    // What comes from the bridge is no other machine's.
    expect(ids(judge({ rules: raw(4, `-d 198.18.144.2/32 -i ${BRIDGE}`) }))).toEqual([]);
  });
});

describe('NT-DKR-018', () => {
  const own = '2001:db8:40::2';
  const networks = [
    { ...lan, subnets: [...lan.subnets, '2001:db8:40::/64'], addresses: [...lan.addresses, own] },
  ];
  const there = '2001:db8:41::2';
  const six = (outcome: string) => ({
    reach: `address ${there}\nroute ${there} from :: via 2001:db8:40::1 dev eth0 src ${own} metric 1\ntry 400000\n${outcome}`,
  });
  const none = '*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n';
  const some = none.replace('COMMIT', '[0:0] -A POSTROUTING -s 2001:db8:40::/64 -j MASQUERADE\nCOMMIT');
  const input = { ...to(there), networks };
  const found = (host: Host) => judge(host, input).map(({ id }) => id);

  it('is of a DEST by IPv6 that is silent where no rule translates', () => {
    expect(found({ ...six(''), rules6: none })).toContain('NT-DKR-018');
  });

  it.each<[string, Host]>([
    ['a rule translates', { ...six(''), rules6: some }],
    ['it answers', { ...six('ok 600\n'), rules6: none }],
    ['it refuses', { ...six('environment: connect: Connection refused\nfailed 211\n'), rules6: none }],
    ['the rules are not known', { ...six('') }],
  ])('is silent where %s', (_why, host) => {
    expect(found(host)).not.toContain('NT-DKR-018');
  });

  it('names the link where the network is a part of its prefix, and nobody answers for the container', () => {
    const uplink = { family: 'inet6', local: '2001:db8:40::1', prefixlen: 32, scope: 'global' };
    const host = { ...six(''), rules6: none, onUplink: [uplink] };
    const of = (one: Host) => judge(one, input).find(({ id }) => id === 'NT-DKR-018');
    expect(of(host)?.summary).toMatch(/ and that is in the prefix of eth0 itself \(2001:db8:40::1\/32\): /);
    expect(remedyOf(of(host))).toContain(`ip -6 neigh add proxy ${own} dev eth0`);
    // With dots it would not do for eth0.100.
    expect(remedyOf(of(host))).toContain('sysctl -w net/ipv6/conf/eth0/proxy_ndp=1');
    const apart = { ...host, onUplink: [{ ...uplink, local: '2001:db9::1' }] };
    expect(of(apart)?.summary).toMatch(/without a route back to that network no answer arrives\.$/);
    const proxied = `[{"dst":"${own}","dev":"eth0","proxy":null}]\n/proc/sys/net/ipv6/conf/eth0/proxy_ndp:1\n`;
    expect(of({ ...host, proxied })).toBeUndefined();
  });
});

describe('NT-DKR-019', () => {
  const HOST = '198.18.144.1';
  const mac = { ...lan, driver: 'macvlan', parent: 'eth0' };
  const found = (network: typeof lan, address: string, outcome = '') =>
    judge(
      {
        reach: `address ${address}\nroute ${address} dev eth0 src 198.18.144.2 uid 0\ntry 400000\n${outcome}`,
      },
      { ...to(address), networks: [network] },
    ).map(({ id }) => id);

  it('is of an address of the host that a container on macvlan does not reach', () => {
    expect(found(mac, HOST)).toContain('NT-DKR-019');
  });

  it('is silent of other drivers, of neighbours, and where it is reached', () => {
    expect(found(lan, HOST)).not.toContain('NT-DKR-019');
    expect(found(mac, '198.18.144.77')).not.toContain('NT-DKR-019');
    expect(found(mac, HOST, 'ok 600\n')).not.toContain('NT-DKR-019');
  });
});

describe('NT-DKR-020', () => {
  const HOST = '198.18.128.1';
  const dns = { port: 5060, protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 15060 } as const;
  const input = { published: [published, dns] };
  const entry = (timeout: number, from: string, answeredBy: string, port = 15060): string =>
    `udp      17 ${timeout} src=203.0.113.9 dst=${HOST} sport=4000 dport=${port} [UNREPLIED] src=${answeredBy} dst=203.0.113.9 sport=${port} dport=4000 mark=0 use=1\n`.replace(
      'src=203.0.113.9 dst=198',
      `src=${from} dst=198`,
    );
  const SENDER = '203.0.113.9';
  const found = (tables: readonly [string, string], more: Partial<DockerInput> = {}): readonly Occurrence[] =>
    judge({ tables }, { ...input, ...more }).filter(({ id }) => id === 'NT-DKR-020');
  const live = (answeredBy: string, from = SENDER): readonly [string, string] => [
    entry(28, from, answeredBy),
    entry(29, from, answeredBy),
  ];

  it('is of datagrams that end at the host', () => {
    const [one] = found(live(HOST));
    expect(one?.severity).toBe('critical');
    expect(one?.summary).toMatch(
      /^The Docker host leads the datagrams of 203\.0\.113\.9:4000 to published port 15060\/udp \(5060 in the container\) to the host itself, and not to "web" \(198\.18\.144\.2:5060\)/,
    );
    expect(remedyOf(one)).toContain('conntrack -D -p udp --orig-dst 198.18.128.1 --orig-port-dst 15060');
  });

  it('is of those that are led to an address of an earlier container', () => {
    expect(found(live('198.18.144.9'))[0]?.summary).toContain('to 198.18.144.9, and not to "web"');
  });

  it('is a warning where docker-proxy takes them', () => {
    const udp = { ...proxy, protocol: 'udp', hostPort: 15060, containerPort: 5060 };
    const [one] = found(live(HOST), { proxies: [proxy, udp] });
    expect(one?.severity).toBe('warning');
    expect(one?.summary).toContain(
      'where docker-proxy takes them: the container sees the host as their sender',
    );
  });

  it.each<[string, readonly [string, string]]>([
    ['they are led to the container', live('198.18.144.2')],
    ['nothing was sent during the run', [entry(28, SENDER, HOST), entry(12, SENDER, HOST)]],
    ['the stream is new', ['', entry(29, SENDER, HOST)]],
    ["it is of the container's own network, which the rule leaves out", live(HOST, '198.18.144.7')],
    ['it is the host itself that sends', live(HOST, HOST)],
    ['it is to another port', [entry(28, SENDER, HOST, 5060), entry(29, SENDER, HOST, 5060)]],
  ])('is silent where %s', (_why, tables) => {
    expect(found(tables)).toEqual([]);
  });

  it('says that a table could not be listed', () => {
    const all = judge({ tables: ['nettools: no table\n', 'nettools: no table\n'] }, input);
    expect(all.map(({ summary }) => summary).join()).toMatch(/NT-DKR-020/);
  });
});
