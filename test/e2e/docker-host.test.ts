import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { BRIDGE_ADDRESS, Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { NameServer } from '../docker/name-server.ts';
import { OUTSIDE, OUTSIDE_LINK, OutsideMachine } from '../docker/outside.ts';
import { bash, nettools, startNettools } from './support/cli.ts';
import { leads, problems, validReport } from './support/report.ts';

// Of the diagnoses that run at the same time: more of them make each other's probes late.
vi.setConfig({ maxConcurrency: 3 });

let daemon: Dockerd;
let outside: OutsideMachine;
let names: NameServer;
const there = `${OUTSIDE.address}:${OUTSIDE.port}`;

beforeAll(async () => {
  daemon = await Dockerd.start({ dns: [BRIDGE_ADDRESS] });
  names = await NameServer.start(daemon);
  outside = await OutsideMachine.start(daemon);
});
afterAll(async () => {
  await outside?.stop();
  await names?.stop();
  await daemon?.stop();
});

/** A network of its own with one container, which publishes its port; a first try's are removed. */
async function subject(name: string, hostPort: number, ...flags: readonly string[]): Promise<Subject> {
  await daemon.removed(name);
  await daemon.docker('network', 'create', ...flags, name);
  await daemon.run(name, '--network', name, '--publish', `${hostPort}:8080`, APP_IMAGE);
  const text = await daemon.docker('network', 'inspect', name);
  const [{ Id, IPAM, Containers }] = JSON.parse(text);
  const [{ IPv4Address }] = Object.values<{ IPv4Address: string }>(Containers) as [{ IPv4Address: string }];
  return {
    bridge: `br-${Id.slice(0, 12)}`,
    subnet: IPAM.Config[0].Subnet,
    address: IPv4Address.replace(/\/.*/, ''),
  };
}

interface Subject {
  readonly bridge: string;
  readonly subnet: string;
  readonly address: string;
}

const iptables = (...words: readonly string[]): Promise<string> => daemon.onHost('iptables', '-w', ...words);

async function diagnose(...args: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await nettools(['diagnose', ...args, '-o', 'json'], { env: daemon.env });
  expect(stdout, stderr).toMatch(/^\{/);
  return validReport(JSON.parse(stdout));
}

const isOfDocker = ({ id }: Finding): boolean => id.startsWith('NT-DKR');

/** A fault: how it is made for a container of its own, and which words of `diagnose` look at it. */
interface Fault {
  readonly id: string;
  readonly says: RegExp;
  readonly args?: (own: Subject) => readonly string[];
  readonly make: (own: Subject, hostPort: number) => Promise<unknown>;
  /** Whether other machines still reach the published port. */
  readonly isReached: boolean;
}

const toOutside = (): readonly string[] => ['--to', there];

const FAULTS: Readonly<Record<string, Fault>> = {
  'a rule of DOCKER-USER that drops what leaves the network': {
    id: 'NT-DKR-009',
    says: /drops everything that leaves network \w+: iptables -t filter -A DOCKER-USER -i br-\w+ .*-j DROP \(\d+ packets during the run\)/,
    args: toOutside,
    make: ({ bridge }) => iptables('-I', 'DOCKER-USER', '-i', bridge, '!', '-o', bridge, '-j', 'DROP'),
    isReached: false,
  },
  'a rule of DOCKER-USER that drops what is sent to DEST': {
    id: 'NT-DKR-013',
    says: /drops what "\w+" sends to 198\.18\.130\.2:8080: iptables -t filter -A DOCKER-USER -s \S+ -d 198\.18\.130\.2\/32 -j DROP \(\d+ packets during/,
    args: toOutside,
    make: ({ address }) => iptables('-I', 'DOCKER-USER', '-s', address, '-d', OUTSIDE.address, '-j', 'DROP'),
    isReached: false,
  },
  'an INPUT chain that drops what is sent to the host': {
    id: 'NT-DKR-013',
    says: /sends to 198\.18\.130\.1:9100, an address of the host itself: iptables -t filter -A INPUT -i br-\w+ .*-j DROP/,
    args: () => ['--to', `${OUTSIDE.host}:9100`],
    make: ({ bridge }) => iptables('-A', 'INPUT', '-i', bridge, '-p', 'tcp', '--dport', '9100', '-j', 'DROP'),
    isReached: true,
  },
  'an address in a network of the engine that no container has': {
    id: 'NT-DKR-016',
    says: /198\.18\.128\.77 is in the subnet of Docker network bridge, but no container of this engine has that address/,
    args: () => ['--to', `${BRIDGE_ADDRESS.replace(/\.1$/, '.77')}:80`],
    make: async () => undefined,
    isReached: true,
  },
  'a port of the host that leads into a network that is kept apart': {
    id: 'NT-DKR-010',
    says: /198\.18\.130\.1:9201 leads to 198\.18\.128\.77, which is on network bridge and "\w+" on \w+, and the host keeps the two apart: .*-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP/,
    args: () => ['--to', `${OUTSIDE.host}:9201`],
    make: async () => {
      const led = ['-p', 'tcp', '--dport', '9201', '-j', 'DNAT', '--to-destination', '198.18.128.77:80'];
      await iptables('-t', 'nat', '-I', 'DOCKER', ...led);
    },
    isReached: true,
  },
  'forwarding that is off': {
    id: 'NT-DKR-011',
    says: /does not forward packets \(forwarding is 0 on br-\w+\)/,
    args: toOutside,
    make: ({ bridge }) => daemon.onHost('sysctl', '-w', `net.ipv4.conf.${bridge}.forwarding=0`),
    // The way there is open, the way back is not.
    isReached: false,
  },
  'a network whose addresses nobody translates': {
    id: 'NT-DKR-012',
    says: /No rule of the Docker host translates the addresses of network \w+ \(198\.18\./,
    args: toOutside,
    make: ({ subnet, bridge }) =>
      iptables('-t', 'nat', '-D', 'POSTROUTING', '-s', subnet, '!', '-o', bridge, '-j', 'MASQUERADE'),
    isReached: true,
  },
  'a published port whose rule is gone, and docker-proxy with it': {
    id: 'NT-DKR-008',
    says: /No rule of the Docker host forwards published port 181\d\d\/tcp \(8080 in the container\) to "\w+" \(198\.18\.\S+:8080\): nothing listens/,
    make: async ({ bridge, address }, port) => {
      const led = ['-p', 'tcp', '--dport', String(port), '-j', 'DNAT', '--to-destination', `${address}:8080`];
      await iptables('-t', 'nat', '-D', 'DOCKER', '!', '-i', bridge, ...led);
      await endProxies(port);
    },
    isReached: false,
  },
  'a rule that leads a published port to another address': {
    id: 'NT-DKR-008',
    says: /forwards published port 181\d\d\/tcp \(8080 in the container\) to 198\.18\.128\.99:8080, but "\w+" is at/,
    make: async (_own, port) => {
      const led = [
        '-p',
        'tcp',
        '--dport',
        String(port),
        '-j',
        'DNAT',
        '--to-destination',
        '198.18.128.99:8080',
      ];
      await iptables('-t', 'nat', '-I', 'DOCKER', ...led);
    },
    isReached: false,
  },
  'a rule of DOCKER-USER that drops what comes to a published port': {
    id: 'NT-DKR-014',
    says: /No other machine reaches published port .*: on the Docker host, iptables -t filter -A DOCKER-USER -d \S+ -i outside0 -j DROP \([1-9]\d* packets? (?:so far|during the run)\)/,
    make: async ({ address }, port) => {
      await iptables('-I', 'DOCKER-USER', '-i', OUTSIDE_LINK, '-d', address, '-j', 'DROP');
      await outside.connects(OUTSIDE.host, port);
    },
    isReached: false,
  },
  'a docker-proxy that was killed': {
    id: 'NT-DKR-015',
    says: /No docker-proxy listens on the Docker host for published port/,
    make: async (_own, port) => {
      await endProxies(port);
    },
    isReached: true,
  },
};

/** Kills those of one port, as the kernel does for want of memory. */
async function endProxies(port: number): Promise<void> {
  const pids = (await daemon.onHost('ss', '-Hlntp', 'sport', '=', `:${port}`)).matchAll(/pid=(\d+)/g);
  for (const [, pid] of pids) process.kill(Number(pid), 'SIGKILL');
  await until('the end of docker-proxy', 60, async () => {
    const left = await daemon.onHost('ss', '-Hlnt', 'sport', '=', `:${port}`);
    return left === '' || left;
  });
}

describe("the Docker host's side of a container", () => {
  it('is silent about one that is healthy', async () => {
    await subject('healthy', 18080);
    const report = await diagnose('docker://healthy', '--to', there, '--to', `${OUTSIDE.host}:18080`);
    expect(problems(report), JSON.stringify(problems(report))).toEqual([]);
    expect(report.checks.find(({ id }) => id === 'docker')?.measurements).toMatchObject({
      bridges: [{ network: 'healthy', bridge: expect.stringMatching(/^br-/) }],
    });
    await outside.reaches(OUTSIDE.host, 18080);
  });

  it.concurrent.each(Object.entries(FAULTS).map(([title, fault], i) => ({ title, fault, i })))(
    'names $fault.id: $title',
    async ({ fault, i }) => {
      const name = `subject${i}`;
      const own = await subject(name, 18100 + i);
      await fault.make(own, 18100 + i);
      if (fault.isReached) await outside.reaches(OUTSIDE.host, 18100 + i);
      else expect(await outside.connects(OUTSIDE.host, 18100 + i)).toBe(false);
      const report = await diagnose(`docker://${name}`, ...(fault.args?.(own) ?? []));
      const [lead] = leads(report);
      expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe(fault.id);
      expect(lead?.summary).toMatch(fault.says);
      expect(lead?.evidence.length).toBeGreaterThan(0);
    },
  );

  it('names NT-DKR-016: an address in its own network that no container has, and so nobody answers for', async () => {
    const { subnet } = await subject('lonely', 18231);
    const report = await diagnose('docker://lonely', '--to', `${subnet.replace(/\.0\/.*/, '.77')}:80`);
    const [lead] = leads(report);
    expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-016');
    expect(problems(report)).toContainEqual(
      expect.objectContaining({ id: 'NT-ARP-002', causedBy: 'NT-DKR-016' }),
    );
    // The engine has few address pools.
    await daemon.removed('lonely');
  });

  it('names NT-DKR-007: a port that is published on loopback', async () => {
    await daemon.run('inward', '--publish', '127.0.0.1:18200:8080', APP_IMAGE);
    expect(await outside.connects(OUTSIDE.host, 18200)).toBe(false);
    const report = await diagnose('docker://inward');
    expect(problems(report), JSON.stringify(problems(report))).toEqual([]);
    expect(report.checks.flatMap(({ findings }) => findings)).toContainEqual(
      expect.objectContaining({
        id: 'NT-DKR-007',
        severity: 'info',
        summary: '8080/tcp is published on 127.0.0.1:18200: only the Docker host itself can connect.',
      }),
    );
  });

  it('names NT-FW-011: docker-proxy takes a connection that the container refuses', async () => {
    // What comes from the bridge itself is not translated, so docker-proxy answers it.
    await daemon.run('deaf', '--publish', '18201:9999', APP_IMAGE);
    await daemon.run('hearing', '--publish', '18202:8080', APP_IMAGE);
    const [lead] = leads(await diagnose('docker://deaf', '--to', `${BRIDGE_ADDRESS}:18201`));
    expect(lead?.id).toBe('NT-FW-011');
    expect(lead?.summary).toMatch(/:18201 takes the connection and (closes|resets) it at once/);
    expect(problems(await diagnose('docker://hearing', '--to', `${BRIDGE_ADDRESS}:18202`))).toEqual([]);
  });

  it('names NT-DKR-009 when a firewall was flushed, which takes all rules of Docker away', async () => {
    const saved = await daemon.onHost('iptables-save');
    await iptables('-P', 'FORWARD', 'DROP');
    await iptables('-F');
    try {
      const report = await diagnose('docker://healthy', '--to', there);
      const [lead] = leads(report);
      expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-009');
      expect(lead?.summary).toMatch(/no rule accepts it, and the policy of the FORWARD chain is DROP/);
      expect(lead?.remediation).toMatch(/systemctl restart docker/);
    } finally {
      await daemon.onHost('sh', '-c', 'printf %s "$1" | iptables-restore', 'restore', saved);
    }
  });

  it('names NT-DKR-011: what comes in by the uplink of the host is not forwarded', async () => {
    const setting = `net.ipv4.conf.${OUTSIDE_LINK}.forwarding`;
    await daemon.onHost('sysctl', '-qw', `${setting}=0`);
    try {
      const [lead, ...more] = leads(await diagnose('docker://healthy', '--to', there));
      expect(lead?.id, JSON.stringify(lead)).toBe('NT-DKR-011');
      expect(lead?.summary).toMatch(
        /^The Docker host does not forward what comes in on outside0 \(forwarding is 0 there\), by which it reaches 198\.18\.130\.2:8080: what the container sends gets out, and no answer gets back\.$/,
      );
      expect(more).toEqual([]);
    } finally {
      await daemon.onHost('sysctl', '-qw', `${setting}=1`);
    }
    expect(problems(await diagnose('docker://healthy', '--to', there))).toEqual([]);
  });

  it('names NT-MTU-002: a link of the host that is smaller than the network of the container', async () => {
    await daemon.onHost('ip', 'link', 'set', OUTSIDE_LINK, 'mtu', '1450');
    try {
      const report = await diagnose('docker://healthy', '--to', there);
      const [lead] = leads(report);
      expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-MTU-002');
      expect(lead?.summary).toMatch(
        /eth0 sends packets of up to 1500 bytes, but the container's host itself sends only 1450 on to 198\.18\.130\.2:8080/,
      );
      expect(lead?.remediation).toMatch(/"mtu": 1450 in \/etc\/docker\/daemon\.json/);
    } finally {
      await daemon.onHost('ip', 'link', 'set', OUTSIDE_LINK, 'mtu', '1500');
    }
    expect(problems(await diagnose('docker://healthy', '--to', there))).toEqual([]);
  });

  it('names NT-DKR-017: what is routed straight to a container is dropped', async () => {
    const { address, bridge, subnet } = await subject('straight', 18210);
    await outside.run('ip', 'route', 'add', subnet, 'via', OUTSIDE.host);
    await outside.reaches(address, 8080);
    expect(problems(await diagnose('docker://straight'))).toEqual([]);
    // As Docker writes it since version 28.
    const rule = ['PREROUTING', '-d', `${address}/32`, '!', '-i', bridge, '-j', 'DROP'];
    await iptables('-t', 'raw', '-A', ...rule);
    expect(await outside.connects(address, 8080)).toBe(false);
    await outside.reaches(OUTSIDE.host, 18210);
    const quiet = await diagnose('docker://straight');
    expect(problems(quiet)).toEqual([]);
    expect(quiet.checks.flatMap(({ findings }) => findings)).toContainEqual(
      expect.objectContaining({ id: 'NT-DKR-017', severity: 'info' }),
    );
    const busy = diagnose('docker://straight');
    let isOver = false;
    const ended = busy.finally(() => {
      isOver = true;
    });
    while (!isOver) await outside.connects(address, 8080);
    await ended;
    const [lead] = leads(await busy);
    expect(lead).toMatchObject({ id: 'NT-DKR-017', severity: 'warning' });
    expect(lead?.summary).toMatch(
      /^Other machines do not reach "straight" at its own address \S+ \(network straight\): on the Docker host, iptables -t raw -A PREROUTING .* \(\d+ packets? during the run\)\.$/,
    );
  });

  it('names NT-DKR-018: IPv6 addresses that nobody translates', async () => {
    const [net, link] = ['2001:db8:40', '2001:db8:41'];
    await daemon.onHost('ip', 'addr', 'add', `${link}::1/64`, 'dev', OUTSIDE_LINK, 'nodad');
    await outside.run('ip', 'addr', 'add', `${link}::2/64`, 'dev', 'eth0', 'nodad');
    await daemon.onHost('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
    await subject('six', 18211, '--ipv6', '--subnet', `${net}::/64`);
    const there6 = `[${link}::2]:${OUTSIDE.port}`;
    const report = await diagnose('docker://six', '--to', there6);
    const [lead] = leads(report);
    expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-018');
    expect(lead?.summary).toMatch(
      /translates the IPv6 addresses of network six \(2001:db8:40::\/64\): what goes to \[2001:db8:41::2\]:8080 leaves with source 2001:db8:40::\S+,/,
    );
    const masquerade = ['POSTROUTING', '-s', `${net}::/64`, '-o', OUTSIDE_LINK, '-j', 'MASQUERADE'];
    await daemon.onHost('ip6tables', '-w', '-t', 'nat', '-A', ...masquerade);
    expect(problems(await diagnose('docker://six', '--to', there6))).toEqual([]);
  });

  it('names NT-DKR-019: the host of a macvlan network', async () => {
    const range = `${OUTSIDE.host.replace(/\.1$/, '.64')}/26`;
    const flags = ['--driver', 'macvlan', '--opt', `parent=${OUTSIDE_LINK}`];
    const subnet = ['--subnet', `${OUTSIDE.host}/24`.replace('.1/', '.0/'), '--ip-range', range];
    await daemon.docker('network', 'create', ...flags, ...subnet, '--gateway', OUTSIDE.address, 'mv');
    await daemon.run('mac', '--network', 'mv', APP_IMAGE);
    const host = `${OUTSIDE.host}:22`;
    const report = await diagnose('docker://mac', '--to', host, '--to', there);
    const about = leads(report).filter(({ subject: label }) => label === host);
    expect(
      about.map(({ id }) => id),
      JSON.stringify(problems(report), undefined, 1),
    ).toEqual(['NT-DKR-019']);
    expect(about[0]?.summary).toMatch(
      /^"mac" is on the macvlan network mv, whose parent is outside0, and 198\.18\.130\.1 is an address of its own host/,
    );
    // The neighbour beside it answers.
    expect(problems(report).filter(({ subject: label }) => label === there)).toEqual([]);
  });

  it('names NT-DKR-034: what the parent is connected to takes its own MAC address alone', async () => {
    await daemon.removed('other');
    // On the network that NT-DKR-019 has made.
    await daemon.run('other', '--network', 'mv', APP_IMAGE);
    expect(problems(await diagnose('docker://other', '--to', there)).filter(isOfDocker)).toEqual([]);
    const links = JSON.parse(await daemon.onHost('ip', '-j', 'link', 'show', OUTSIDE_LINK));
    const own: string = links[0].address;
    const group = '01:00:00:00:00:00';
    const hook = `type filter hook ingress device "${OUTSIDE_LINK}" priority 0; policy accept;`;
    const rules = `ether daddr ${own} accept\n ether daddr & ${group} == ${group} accept\n drop`;
    const table = `table netdev vswitch {\n chain in {\n ${hook}\n ${rules}\n }\n}\n`;
    await daemon.onHost('sh', '-c', 'printf %s "$1" | nft -f -', 'load', table);
    try {
      // What it has heard before, it would believe for a while.
      await daemon.docker('restart', '--time', '0', 'other');
      const report = await diagnose('docker://other', '--to', there);
      const [lead, ...more] = leads(report).filter(({ id }) => id !== 'NT-DNS-001');
      expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-034');
      expect(lead?.summary).toMatch(
        /^The Docker host reaches 198\.18\.130\.2, the gateway of the macvlan network mv, and "other" does not, though both send by the same interface \(outside0\): /,
      );
      expect(more).toEqual([]);
    } finally {
      await daemon.onHost('nft', 'delete', 'table', 'netdev', 'vswitch');
    }
  });

  it('names NT-DKR-035: a ban in INPUT, which a published port passes by', async () => {
    await subject('banned', 18_230);
    const told = async (): Promise<Finding[]> =>
      (await diagnose('docker://banned')).checks
        .flatMap(({ findings }) => findings)
        .filter(({ id }) => id === 'NT-DKR-035');
    // What is about other ports, or about all, is no matter of this one.
    await iptables('-A', 'INPUT', '-p', 'tcp', '--dport', '18231', '-j', 'DROP');
    await iptables('-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'INVALID', '-j', 'DROP');
    expect(await told()).toEqual([]);
    await iptables('-N', 'f2b-web');
    await iptables('-A', 'f2b-web', '-s', OUTSIDE.address, '-j', 'REJECT');
    await iptables('-I', 'INPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '443,18230', '-j', 'f2b-web');
    try {
      await outside.reaches(OUTSIDE.host, 18_230);
      const [found, ...more] = await told();
      expect(found?.severity).toBe('info');
      expect(found?.summary).toMatch(
        /^-t filter -A f2b-web -s 198\.18\.130\.2\/32 -j REJECT .* is in the host's chain INPUT, by which nothing comes to published port 18230\/tcp \(8080 in the container\) from other machines: whom it should stop gets in\.$/,
      );
      expect(more).toEqual([]);
    } finally {
      await iptables('-F', 'INPUT');
      await iptables('-F', 'f2b-web');
      await iptables('-X', 'f2b-web');
    }
  });

  it("names NT-FW-005: Docker's policy stops what another container manager's namespace sends", async () => {
    const name = `ntlxc-${process.pid}`;
    const host = (words: string): Promise<string> => daemon.onHost(...words.split(' '));
    await run(['ip', 'netns', 'add', name]);
    try {
      await host('ip link add lxcbr0 type bridge');
      await host('ip addr add 198.18.133.1/24 dev lxcbr0');
      await host('ip link set lxcbr0 up');
      await host(`ip link add ve0 type veth peer name eth0 netns ${name}`);
      await host('ip link set ve0 master lxcbr0 up');
      for (const words of ['link set lo up', 'addr add 198.18.133.2/24 dev eth0', 'link set eth0 up'])
        await run(['ip', '-n', name, ...words.split(' ')]);
      await run(['ip', '-n', name, 'route', 'add', 'default', 'via', '198.18.133.1']);
      await iptables('-t', 'nat', '-A', 'POSTROUTING', '-s', '198.18.133.0/24', '-j', 'MASQUERADE');
      const asked = async (): Promise<readonly Finding[]> => {
        const words = `firewall netns:${name} --to ${there} -o json`;
        const { stdout, stderr } = await bash(
          `nsenter --net=/run/netns/${daemon.place.netns} kubectl-nettools ${words}`,
          { env: { KUBECONFIG: '/nonexistent' } },
        );
        expect(stdout, stderr).toMatch(/^\{/);
        return leads(validReport(JSON.parse(stdout)));
      };
      const [found] = await asked();
      expect(found?.id).toBe('NT-FW-005');
      expect(found?.summary).toMatch(
        /^This machine itself, through which the target sends to TCP 198\.18\.130\.2:8080, stops it \(no answer within .*\): no rule accepts it, and the policy of iptables chain FORWARD is drop \(\d+ packets during the run\)\.$/,
      );
      expect(JSON.stringify(found?.remediation)).toMatch(/iptables -I DOCKER-USER -i lxcbr0 -j ACCEPT/);
      await iptables('-I', 'DOCKER-USER', '-i', 'lxcbr0', '-j', 'ACCEPT');
      await iptables('-I', 'DOCKER-USER', '-o', 'lxcbr0', '-j', 'ACCEPT');
      expect(await asked()).toEqual([]);
    } finally {
      await attempt(['ip', 'netns', 'delete', name]);
      await host('ip link delete lxcbr0');
    }
  });

  it('names NT-DKR-038: a port that is forwarded by hand, asked for from the network that it leads to', async () => {
    const name = `ntled-${process.pid}`;
    const host = (words: string): Promise<string> => daemon.onHost(...words.split(' '));
    const own = '198.18.134.2';
    const port = 18_238;
    const dnat = (act: string, to: string): Promise<string> =>
      iptables(
        ...['-t', 'nat', act, 'PREROUTING', '-d', OUTSIDE.host, '-p', 'tcp', '--dport', String(port)],
        ...['-j', 'DNAT', '--to-destination', `${to}:8080`],
      );
    const masquerade = (act: string): Promise<string> =>
      iptables(
        ...['-t', 'nat', act, 'POSTROUTING', '-s', own, '-d', own, '-o', 'lxcbr1', '-j', 'MASQUERADE'],
      );
    await run(['ip', 'netns', 'add', name]);
    try {
      await host('ip link add lxcbr1 type bridge');
      await host('ip addr add 198.18.134.1/24 dev lxcbr1');
      await host('ip link set lxcbr1 up');
      await host(`ip link add ve1 type veth peer name eth0 netns ${name}`);
      await host('ip link set ve1 master lxcbr1 up');
      for (const words of ['link set lo up', `addr add ${own}/24 dev eth0`, 'link set eth0 up'])
        await run(['ip', '-n', name, ...words.split(' ')]);
      await run(['ip', '-n', name, 'route', 'add', 'default', 'via', '198.18.134.1']);
      for (const way of ['-i', '-o']) await iptables('-I', 'DOCKER-USER', way, 'lxcbr1', '-j', 'ACCEPT');
      const asked = async (): Promise<readonly Finding[]> => {
        const words = `firewall netns:${name} --to ${OUTSIDE.host}:${port} -o json`;
        const { stdout, stderr } = await bash(
          `nsenter --net=/run/netns/${daemon.place.netns} kubectl-nettools ${words}`,
          { env: { KUBECONFIG: '/nonexistent' } },
        );
        expect(stdout, stderr).toMatch(/^\{/);
        return leads(validReport(JSON.parse(stdout)));
      };
      const serve = ['nsenter', `--net=/run/netns/${name}`, 'busybox', 'httpd', '-f', '-p', '8080'];
      await outside.during(serve, async () => {
        await dnat('-A', own);
        const [self] = await asked();
        expect(self?.id).toBe('NT-DKR-038');
        expect(self?.severity).toBe('critical');
        expect(self?.summary).toMatch(
          /^This machine leads what the target sends to TCP 198\.18\.130\.1:18238 to the target itself \(198\.18\.134\.2:8080\), which drops what comes to it from its own address \(no answer within .*\): it translates the destination alone, /,
        );
        // As the remedy says.
        await masquerade('-A');
        await host('bridge link set dev ve1 hairpin on');
        expect(await asked()).toEqual([]);
        await masquerade('-D');
        await dnat('-D', own);
      });
    } finally {
      await attempt(['ip', 'netns', 'delete', name]);
      await host('ip link delete lxcbr1');
      for (const way of ['-i', '-o']) await iptables('-D', 'DOCKER-USER', way, 'lxcbr1', '-j', 'ACCEPT');
    }
  });

  it('names NT-DKR-020: a stream of datagrams that is older than the published port', async () => {
    const send = `exec 3<>/dev/udp/${OUTSIDE.host}/18220; while :; do printf x >&3; sleep 0.3; done`;
    await outside.during(['bash', '-c', `{ ${send}; } 2>/dev/null`], async () => {
      const entries = (): Promise<string> => daemon.onHost('conntrack', '-L', '-p', 'udp');
      await until('the entry', 60, async () => (await entries()).includes('dport=18220') || 'none');
      // The engine deletes such entries by the container's port, which is another one.
      await daemon.run('stream', '--publish', '18220:5060/udp', APP_IMAGE);
      const pid = (await daemon.docker('inspect', '--format', '{{.State.Pid}}', 'stream')).trim();
      const listen = `nsenter -t ${pid} -n timeout 120 socat -u UDP-RECV:5060 OPEN:/dev/null </dev/null >/dev/null 2>&1 &`;
      await daemon.onHost('sh', '-c', listen);
      const report = await diagnose('docker://stream');
      const [lead] = leads(report);
      expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-020');
      expect(lead?.severity).toBe('warning');
      expect(lead?.summary).toMatch(
        /leads the datagrams of 198\.18\.130\.2:\d+ to published port 18220\/udp \(5060 in the container\) to the host itself, where docker-proxy takes them/,
      );
      await daemon.onHost('conntrack', '-D', '-p', 'udp', '--orig-port-dst', '18220');
      await until('the entry', 60, async () => (await entries()).includes('dport=5060') || 'none');
      expect(problems(await diagnose('docker://stream'))).toEqual([]);
    });
  });

  it('names NT-DKR-032: all ports for one destination are taken', async () => {
    const { subnet } = await subject('many', 18_235);
    const few = ['-t', 'nat', '-I', 'POSTROUTING', '-s', subnet, '-p', 'tcp', '-o', OUTSIDE_LINK];
    await iptables(...few, '-j', 'MASQUERADE', '--to-ports', '40000-40019');
    const pid = (await daemon.docker('inspect', '--format', '{{.State.Pid}}', 'many')).trim();
    const taken = async (): Promise<number> =>
      (await daemon.onHost('conntrack', '-L', '-p', 'tcp', '--orig-dst', OUTSIDE.address)).match(
        / dport=400[01]\d /g,
      )?.length ?? 0;
    const hold = async (count: number): Promise<void> => {
      const each = `{ exec 3<>/dev/tcp/${OUTSIDE.address}/${OUTSIDE.port}; sleep 120; } 2>/dev/null &`;
      const all = `for i in $(seq ${count}); do ${each} done; wait`;
      const start = `nsenter -t ${pid} -n timeout 120 bash --norc -c '${all}' </dev/null >/dev/null 2>&1 &`;
      await daemon.onHost('sh', '-c', start);
    };
    await hold(5);
    expect(problems(await diagnose('docker://many', '--to', there))).toEqual([]);
    await hold(40);
    await until('connections', 60, async () => (await taken()) >= 19 || `${await taken()}`);
    const report = await diagnose('docker://many', '--to', there);
    const [lead, ...more] = leads(report);
    expect(lead?.id, JSON.stringify(problems(report), undefined, 1)).toBe('NT-DKR-032');
    expect(lead?.severity).toBe('critical');
    expect(lead?.summary).toMatch(
      /^\d+ of the 20 ports that 198\.18\.130\.1, the Docker host's address in the place of its containers', has for connections to 198\.18\.130\.2:8080 are taken: \d+ new packets? (was|were) dropped during the run, for which none was left\.$/,
    );
    expect(more).toEqual([]);
  });

  it('tells that it was not looked at without the right to', async () => {
    const report = await diagnose('docker://healthy', '--profile', 'restricted');
    const told = report.checks.flatMap(({ findings }) => findings).map(({ summary }) => summary);
    expect(told).toContainEqual(expect.stringMatching(/the Docker host \(.*: reading .* needs NET_ADMIN/));
  });
});

it('leaves no container, also after kill -9', async () => {
  expect(await daemon.sessions()).toEqual([]);
  const { child, outcome } = startNettools(['diagnose', 'docker://healthy'], 'ignore', { env: daemon.env });
  // One that was created and not started goes with the next command, not by itself.
  await until('both containers', 60, async () => (await daemon.runningSessions()).length === 2 || 'not yet');
  child.kill('SIGKILL');
  await outcome;
  await until('their end', 60, async () => (await daemon.sessions()).length === 0 || 'one is there');
});
