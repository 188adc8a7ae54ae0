import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { installPackages } from '../cluster/packages.ts';
import { attempt, until } from '../cluster/proc.ts';
import {
  bash,
  type CommandOptions,
  expectSentence,
  nettools,
  startNettools,
  userEnv,
} from './support/cli.ts';
import { ADDRESS, FAR, GATEWAY, Lab } from './support/lab.ts';
import { asNobody } from './support/nobody.ts';
import { appears, disappears, pidsOf, uniqueSleep } from './support/processes.ts';

/** No cluster, no Docker: nothing but this machine. */
const ALONE: CommandOptions = { env: { KUBECONFIG: '/nonexistent', DOCKER_HOST: 'unix:///nonexistent' } };

/** The tools of a machine on which somebody looks for faults. */
const TOOLS: readonly (readonly [string, string])[] = [
  ['ping', 'iputils-ping'],
  ['arping', 'iputils-arping'],
  ['dig', 'bind9-dnsutils'],
  ['tcpdump', 'tcpdump'],
];

let lab: Lab;
let folder: string;
beforeAll(async () => {
  const missing: string[] = [];
  for (const [tool, from] of TOOLS) {
    if ((await attempt(['sh', '-c', `command -v ${tool}`])).code !== 0) missing.push(from);
  }
  if (missing.length > 0) await installPackages(missing);
  lab = await Lab.make();
  folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-local-'));
});
afterAll(async () => {
  await lab?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function report(args: readonly string[]): Promise<{ code: number; report: Report }> {
  const { code, stdout, stderr } = await nettools([...args, '-o', 'json'], { ...ALONE, limit: 120 });
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as Report };
}

const critical = ({ checks }: Report): string[] =>
  checks.flatMap(({ findings }) => findings.filter((f) => f.severity === 'critical').map((f) => f.id));

describe('run on this machine', () => {
  it('passes words, streams and the exit code on', async () => {
    const words = ['a b', '$HOME', "'", '', '*', '--flag'];
    const script = 'cat; printf "%s\\n" "$@"; echo err >&2; exit 7';
    const outcome = await nettools(['run', 'local', '--', 'sh', '-c', script, 'sh', ...words], {
      ...ALONE,
      input: 'in\n',
    });
    expect(outcome).toMatchObject({ code: 7, stdout: `in\n${words.join('\n')}\n`, stderr: 'err\n' });
  });

  it('is in the namespace that is named, by name, path or process', async () => {
    const inode = (await lab.inside('readlink', '/proc/self/ns/net')).trim();
    const targets = [`netns:${lab.name}`, `netns:/run/netns/${lab.name}`];
    for (const target of targets) {
      const outcome = await nettools(['run', target, '--', 'readlink', '/proc/self/ns/net'], ALONE);
      expect(outcome).toMatchObject({ code: 0, stdout: `${inode}\n` });
    }
    const mark = uniqueSleep();
    const { child } = startNettools(['run', `netns:${lab.name}`, '--', 'sleep', mark], 'ignore', ALONE);
    await appears('sleep', mark);
    const [pid] = pidsOf('sleep', mark);
    const outcome = await nettools(['run', `pid:${pid}`, '--', 'readlink', '/proc/self/ns/net'], ALONE);
    expect(outcome).toMatchObject({ code: 0, stdout: `${inode}\n` });
    child.kill('SIGKILL');
    await disappears(60, 'sleep', mark);
  });

  it('has the files that belong to the namespace, and leaves the machine its own', async () => {
    const script = 'cat /etc/resolv.conf; ls /sys/class/net | tr "\\n" " "';
    const own = mkdtempSync(join(folder, 'tmp-'));
    const env = { ...ALONE.env, TMPDIR: own };
    const outcome = await nettools(['run', `netns:${lab.name}`, '--', 'sh', '-c', script], { env });
    expect(outcome).toMatchObject({ code: 0, stdout: `nameserver ${GATEWAY}\neth0 lo ` });
    const here = await nettools(['run', 'local', '--', 'cat', '/etc/resolv.conf'], ALONE);
    expect(here.stdout).not.toContain(GATEWAY);
    expect(readdirSync(own)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGKILL', -1],
  ] as const)('by %s takes all along that the command started', async (signal, code) => {
    const mark = uniqueSleep();
    const script = `trap '' HUP TERM; sleep ${mark} & sleep ${mark}; true`;
    const args = ['run', `netns:${lab.name}`, '--', 'sh', '-c', script];
    const { child, outcome } = startNettools(args, 'ignore', ALONE);
    await until('both', 60, async () => pidsOf('sleep', mark).length === 2 || 'not yet');
    child.kill(signal);
    expect(await outcome).toMatchObject({ code });
    await disappears(60, 'sleep', mark);
  });
});

describe('a name server at an address of this machine', () => {
  /** The tool runs where the address is. */
  const said = async (name: string): Promise<string> => {
    const words = ['dns', `netns:${lab.name}`, name, '-o', 'json'];
    const { stdout } = await bash(
      `nsenter --net=/run/netns/${lab.router} kubectl-nettools ${words.join(' ')}`,
      ALONE,
    );
    const { checks } = JSON.parse(stdout) as Report;
    const found = checks.flatMap(({ findings }) => findings).find(({ severity }) => severity === 'critical');
    return `${found?.id} ${found?.summary}`;
  };

  it('says who has port 53 there, where a name of one word does not exist', async () => {
    expect(await said('db')).toMatch(
      /^NT-DNS-005 db does not exist: .*: 192\.0\.2\.129 is this machine's own address \(eth0\), and port 53 there is held by coredns \(pid \d+\), which listens on all addresses: it is not the container engine's own server/,
    );
    // Of a name with a domain another server may well say that it does not exist.
    expect(await said('db.corp.test')).not.toContain('held by');
    // From elsewhere the address is not known to be whose.
    const { report: elsewhere } = await report(['dns', `netns:${lab.name}`, 'db']);
    expect(JSON.stringify(elsewhere)).not.toContain('held by');
  });

  it('says that it listens, where queries are refused all the same', async () => {
    const nft = (...words: string[]): Promise<string> => lab.inRouter('nft', ...words);
    await nft('add', 'table', 'ip', 'ntto');
    try {
      // What is sent to port 53 comes to one on which nobody listens.
      await nft('add chain ip ntto c { type nat hook prerouting priority -100 ; }');
      await nft('add rule ip ntto c udp dport 53 redirect to :5399');
      const text = await said('db');
      expect(text).toMatch(
        /^NT-DNS-002 .*192\.0\.2\.129 is this machine's own address \(eth0\), and port 53 there is held by coredns \(pid \d+\), .*: a packet filter rejects what is sent to it/,
      );
    } finally {
      await nft('delete', 'table', 'ip', 'ntto');
    }
  });
});

it('a resolv.conf of a machine that runs a resolver of its own', async () => {
  const file = join('/etc/netns', lab.name, 'resolv.conf');
  const before = readFileSync(file, 'utf8');
  const found = async () => {
    const { report: said } = await report(['dns', `netns:${lab.name}`, 'db.example.test']);
    return said.checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'critical');
  };
  writeFileSync(file, 'nameserver 127.0.0.53\n');
  try {
    expect((await found())[0]?.summary).toMatch(
      /^127\.0\.0\.53 refused .*: a loopback address is the target's own, and nothing in its network listens there: resolv\.conf is that of a machine that runs a resolver of its own \(127\.0\.0\.53 is systemd-resolved's\)\.$/,
    );
  } finally {
    writeFileSync(file, before);
  }
  expect((await found()).map(({ id }) => id)).not.toContain('NT-DNS-002');
});

describe('a name server on the host of the network', () => {
  const found = async () => {
    const { report: said } = await report(['dns', `netns:${lab.name}`, 'db.example.test']);
    return said.checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'info');
  };

  it.each([
    [
      'drops port 53 in INPUT',
      'drop',
      /nothing comes back over TCP either, .* though 192\.0\.2\.129 is on the same link \(eth0\) and answers ARP \(\S+\): the machine is there, and a packet filter drops what is sent to its port 53 \(INPUT on that machine\)/,
    ],
    [
      'says that nothing leads there',
      'reject with icmp type host-unreachable',
      /over TCP fails with ".*", though 192\.0\.2\.129 is on the same link .*: the way is there, and a packet filter rejects port 53, on that machine \(INPUT\) or here/,
    ],
  ])('that %s', async (_what, verdict, says) => {
    const nft = (...words: string[]): Promise<string> => lab.inRouter('nft', ...words);
    await nft('add', 'table', 'ip', 'ntin');
    try {
      await nft('add chain ip ntin c { type filter hook input priority 0 ; }');
      await nft(`add rule ip ntin c meta l4proto { tcp, udp } th dport 53 ${verdict}`);
      const [first] = await found();
      expect(first).toMatchObject({ id: 'NT-DNS-001', severity: 'critical' });
      expect(first?.summary).toMatch(says);
    } finally {
      await nft('delete', 'table', 'ip', 'ntin');
    }
    expect((await found()).map(({ id }) => id)).not.toContain('NT-DNS-001');
  });
});

describe('a process that has its own /etc', () => {
  const says = async (resolvConf: string, ...command: string[]) => {
    const mark = uniqueSleep();
    const script = `mount -t tmpfs tmpfs /etc && ${resolvConf} && exec sleep ${mark}`;
    const child = spawn('unshare', ['--mount', '--net', 'sh', '-c', script], { stdio: 'ignore' });
    try {
      await appears('sleep', mark);
      return await nettools(['run', `pid:${child.pid}`, '--', ...command], ALONE);
    } finally {
      child.kill('SIGKILL');
    }
  };

  it('has its resolv.conf looked up', async () => {
    const outcome = await says('echo "nameserver 192.0.2.53" >/etc/resolv.conf', 'cat', '/etc/resolv.conf');
    expect(outcome).toMatchObject({ code: 0, stdout: 'nameserver 192.0.2.53\n', stderr: '' });
  });

  it('gets nothing of this machine by a link in the place of its resolv.conf', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'root:$6$hash:19000::::::\n', { mode: 0o600 });
    const outcome = await says(`ln -s ${secret} /etc/resolv.conf`, 'cat', '/etc/resolv.conf');
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).not.toContain('hash');
  });

  it('keeps nobody waiting by a pipe in the place of its resolv.conf', async () => {
    expect(await says('mkfifo /etc/resolv.conf', 'echo', 'done')).toMatchObject({
      code: 0,
      stdout: 'done\n',
    });
  });
});

describe('what is not there', () => {
  it.each([
    ['netns:no-such', /no network namespace "no-such" in \/run\/netns \(it has: .*ntlab-/],
    ['netns:/no/such', /there is no \/no\/such on this machine/],
    ['netns:/etc/passwd', /\/etc\/passwd is not a network namespace/],
    ['netns:/proc/self/ns/mnt', /is not a network namespace/],
    ['pid:4194999', /no process 4194999 on this machine/],
  ])('%s is told in a sentence', async (target, says) => {
    const outcome = await nettools(['diagnose', target], ALONE);
    expectSentence(outcome, 3, says);
    expect(outcome.stderr).toContain('netns ls local');
  });
});

describe('--timeout', () => {
  it.each([
    [['dns', 'web'], 'looking for the target'],
    [['preflight', 'web'], 'asking what is allowed'],
    [['netns', 'ls', 'node1'], 'looking for the target'],
    [['sessions', 'stop', 'web'], 'looking for sessions'],
    [['sessions', 'stop', 'docker://'], 'looking for sessions'],
    [['run', 'web', '--', 'true'], 'looking for the target'],
    [['run', 'docker://web', '--', 'true'], 'looking for the target'],
  ])('holds for %j at a server that is silent', async ([command = '', ...words], stage) => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const port = await new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    const line = [command, '--server', `http://127.0.0.1:${port}`, '--timeout', '3s', ...words];
    const env = { ...ALONE.env, DOCKER_HOST: `tcp://127.0.0.1:${port}` };
    const outcome = await nettools(line, { env });
    expectSentence(
      outcome,
      3,
      new RegExp(
        `time is up after 3 s: still ${stage}(?:, waiting for an answer from the API server at \\S+)?\\.`,
      ),
    );
    expect(outcome.stderr).toMatch(/longer --timeout/);
  });

  it.each([
    [['--timeout', '3s'], /time is up after 3 s: still starting tcpdump\./],
    [[], /tcpdump did not start within 20 s\./],
  ])('holds for a capture with %j whose tcpdump hangs, and nothing of it is left', async (flags, says) => {
    const bin = mkdtempSync(join(folder, 'hangs-'));
    const mark = uniqueSleep();
    writeFileSync(join(bin, 'tcpdump'), `#!/bin/sh\nexec sleep ${mark}\n`, { mode: 0o755 });
    const env = { ...ALONE.env, PATH: `${bin}${delimiter}${userEnv['PATH']}` };
    const file = join(folder, 'hangs.pcap');
    const outcome = await nettools(['capture', 'local', '--duration', '1s', '-w', file, ...flags], { env });
    expectSentence(outcome, 3, says);
    await disappears(60, 'sleep', mark);
  });
});

describe('without root', () => {
  it('another namespace needs root, which is told in a sentence', async () => {
    const outcome = await asNobody('run', `netns:${lab.name}`, '--', 'true');
    expect(outcome).toMatchObject({
      code: 3,
      stdout: '',
      stderr: 'error: entering another network namespace of this machine needs root: use sudo.\n',
    });
  });

  it('this machine can be looked at, and what could not be measured is told', async () => {
    const outcome = await asNobody('interfaces', 'local', '-o', 'json');
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toBe(
      'note: without root, whatever needs raw sockets or the firewall rules is left out (use sudo for everything).\n',
    );
    expect((JSON.parse(outcome.stdout) as Report).target).toMatchObject({ kind: 'local', name: hostname() });
  });
});

describe('diagnose on this machine', () => {
  it('is done in seconds with no cluster and no Docker, and speaks of the machine', async () => {
    const { code, stdout, stderr } = await nettools(['diagnose', 'local'], { ...ALONE, limit: 120 });
    // What this machine's own network is like is not the tests' to say; that it could be judged is.
    expect([0, 1], stderr).toContain(code);
    expect(stdout).toMatch(new RegExp(`^local \\(${hostname()}\\) \\(\\S+\\)\n`));
    expect(stdout).toMatch(/^verdict: (pass|warn|fail)\b/m);
    const lines = stdout.split('\n').filter((line) => /^([√‼×?-] |info )/.test(line));
    expect(lines.length).toBeGreaterThanOrEqual(8);
    expect(lines.join('\n')).not.toMatch(/\b(image|pods?|apiserver|API|node|Services?)\b/);
  });

  it('finds nothing wrong in a healthy namespace', async () => {
    const { code, report: healthy } = await report(['diagnose', `netns:${lab.name}`, '--to', `${FAR}:53`]);
    expect(healthy.target).toEqual({ kind: 'netns', name: lab.name, address: ADDRESS });
    expect(critical(healthy)).toEqual([]);
    expect(code).toBe(0);
    const measured = healthy.checks.filter(({ status }) => status === 'pass' || status === 'warn');
    expect(measured.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'interfaces',
        'arp',
        'routing',
        'latency',
        'mtu',
        'firewall',
        'sockets',
        'dns',
      ]),
    );
  });

  it.each([
    [
      'a blackhole route',
      'NT-RT-002',
      () => lab.inside('ip', 'route', 'add', 'blackhole', '203.0.113.0/24'),
      () => lab.inside('ip', 'route', 'del', 'blackhole', '203.0.113.0/24'),
    ],
    [
      'a rule that drops what is sent',
      'NT-FW-005',
      () =>
        lab.inside(
          'nft',
          `table inet fault { chain out { type filter hook output priority 0; ip daddr ${FAR} counter drop; }; }`,
        ),
      () => lab.inside('nft', 'delete', 'table', 'inet', 'fault'),
    ],
    [
      'a filter that lets nothing but the handshake pass',
      'NT-FW-013',
      () =>
        lab.inRouter(
          'nft',
          `table inet fault { chain in { type filter hook input priority 0; ip daddr ${FAR} tcp dport 53 tcp flags & syn == 0 counter drop; }; }`,
        ),
      () => lab.inRouter('nft', 'delete', 'table', 'inet', 'fault'),
    ],
    [
      'a gateway that answers no ARP',
      'NT-ARP-001',
      async () => {
        await lab.inRouter('sysctl', '-qw', 'net.ipv4.conf.eth0.arp_ignore=8');
        await lab.inside('ip', 'neigh', 'flush', 'all');
      },
      () => lab.inRouter('sysctl', '-qw', 'net.ipv4.conf.eth0.arp_ignore=0'),
    ],
  ])('names %s as the cause', async (_what, id, make, undo) => {
    await make();
    try {
      const { code, report: faulty } = await report(['diagnose', `netns:${lab.name}`, '--to', `${FAR}:53`]);
      expect(code).toBe(1);
      expect(critical(faulty)).toContain(id);
      const all = faulty.checks.flatMap(({ findings }) => findings);
      const roots = all.filter((f) => f.severity === 'critical' && f.causedBy === undefined);
      expect(roots.map((f) => f.id)).toEqual([id]);
      expect(all.map(({ remediation }) => remediation).join('\n')).not.toMatch(
        /\bPOD\b|kubectl get|kube-system/,
      );
    } finally {
      await undo();
    }
  });

  describe('with names', () => {
    const file = (): string => join('/etc/netns', lab.name, 'resolv.conf');
    const dns = async (name: string, conf: string) => {
      const before = readFileSync(file(), 'utf8');
      writeFileSync(file(), before + conf);
      try {
        const { report: found } = await report(['dns', `netns:${lab.name}`, name]);
        // The router's server denies AAAA of names that exist (NT-DNS-013).
        return found.checks.flatMap(({ findings }) =>
          findings.filter(({ severity, id }) => severity !== 'info' && id !== 'NT-DNS-013'),
        );
      } finally {
        writeFileSync(file(), before);
      }
    };

    it('tells a server that denies all names of the internet', async () => {
      const [found] = await dns('api.example.com', '');
      expect(found?.id).toBe('NT-DNS-005');
      expect(found?.summary).toMatch(
        /^api\.example\.com does not exist: .*: the same server says that com\. does not exist either, which does/,
      );
      expect(found?.remediation).toMatch(/fallthrough/);
      // A domain that is none of the internet's says nothing of it.
      const [other] = await dns('api.corp', '');
      expect(other?.summary).toMatch(/^api\.corp does not exist: .* queries\.$/);
      expect(await dns('api.example.test', '')).toEqual([]);
    });

    it('tells what the C library of Alpine makes of the search list', async () => {
      const [dots] = await dns('db.prod', 'search example.test\noptions ndots:1\n');
      expect(dots).toMatchObject({ id: 'NT-DNS-019', severity: 'warning' });
      expect(dots?.summary).toMatch(/^db\.prod does not exist as it is, and is found by the search list/);
      const [root] = await dns('db.example.test', 'search .\noptions ndots:5\n');
      expect(root?.summary).toMatch(/^The search list names the root/);
      expect(await dns('db.example.test', 'search example.test\noptions ndots:2\n')).toEqual([]);
    });
  });

  it('tells why the IPv6 default route of router advertisements is gone', async () => {
    const SERVER = '2001:db8:5::1';
    const advertise = () =>
      lab.inRouter(
        'perl',
        join(import.meta.dirname, 'support/router-advertisement.pl'),
        'eth0',
        '2001:db8:6::',
      );
    const set = (name: string, value: number) =>
      lab.inside('sysctl', '-qw', `net.ipv6.conf.eth0.${name}=${value}`);
    /** While the link's own addresses are new, nothing can be sent and little is heard: until one is taken. */
    const routed = () =>
      until('the default route', 30, async () => {
        const refused = await advertise().catch(String);
        const routes = await lab.inside('ip', '-6', 'route', 'show', 'default');
        return routes !== '' || `none yet: ${refused}`;
      });
    const look = async (check: string) =>
      (await report([check, `netns:${lab.name}`, '--to', `[${SERVER}]:53`])).report;
    await lab.inRouter('ip', 'addr', 'add', `${SERVER}/128`, 'dev', 'lo');
    // A neighbour that says it is no router is none for long (RFC 4861, 7.2.5).
    await lab.inRouter('sysctl', '-qw', 'net.ipv6.conf.eth0.forwarding=1');
    try {
      await routed();
      expect(critical(await look('routing'))).toEqual([]);
      await set('forwarding', 1);
      const found = (await look('diagnose')).checks.flatMap(({ findings }) => findings);
      const cause = found.find((f) => f.severity === 'critical' && f.causedBy === undefined);
      expect(cause?.id).toBe('NT-RT-001');
      expect(cause?.summary).toMatch(
        /^There is no IPv6 default route, .*; eth0, whose address has a lifetime and so came from its link, takes no route from router advertisements: net\.ipv6\.conf\.eth0\.forwarding is 1, and accept_ra is 1 there, not 2\.$/,
      );
      expect(cause?.remediation).toMatch(/net\.ipv6\.conf\.DEVICE\.accept_ra=2/);
      await set('accept_ra', 2);
      await routed();
      expect(critical(await look('routing'))).toEqual([]);
    } finally {
      await set('accept_ra', 1);
      await set('forwarding', 0);
      const flush = 'ip -6 route flush proto ra; ip -6 addr flush dev eth0 scope global';
      await lab.inside('sh', '-c', `${flush}; true`);
      await lab.inRouter('sysctl', '-qw', 'net.ipv6.conf.eth0.forwarding=0');
      await lab.inRouter('ip', 'addr', 'del', `${SERVER}/128`, 'dev', 'lo');
    }
  });
});
