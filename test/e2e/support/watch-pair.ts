/** Two network namespaces with a link between them, one of which is watched from the other, and faults that come and go. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, run, until } from '../../cluster/proc.ts';

export const SERVER = '192.0.2.2';
/** Behind the server's link: what goes there needs it as the gateway. */
export const BEHIND = '203.0.113.2';

/** Takes connections on 5432, and answers every query with one address, on 53. */
const SERVE = `
const net = require('node:net'), dgram = require('node:dgram');
net.createServer((c) => c.on('error', () => {}).end()).listen(5432, '::');
const dns = dgram.createSocket('udp4');
dns.on('message', (q, from) => {
  const end = 12 + q.subarray(12).indexOf(0) + 5;
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 2]);
  const head = Buffer.from([q[0], q[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  dns.send(Buffer.concat([head, q.subarray(12, end), answer]), from.port, from.address);
});
dns.bind(53, '${SERVER}');
`;

export class WatchPair {
  readonly name = `ntw-${randomBytes(3).toString('hex')}`;
  readonly #far = `${this.name}-s`;
  readonly #files = join('/etc/netns', this.name);
  #server: ChildProcess | undefined;

  static async make(): Promise<WatchPair> {
    const pair = new WatchPair();
    try {
      for (const netns of [pair.name, pair.#far]) await run(['ip', 'netns', 'add', netns]);
      await run(`ip -n ${pair.name} link add eth0 type veth peer name eth0 netns ${pair.#far}`.split(' '));
      await pair.here('ip addr add 192.0.2.1/24 dev eth0');
      await pair.there(`ip addr add ${SERVER}/24 dev eth0`);
      await pair.there(`ip addr add ${BEHIND}/32 dev lo`);
      for (const link of ['lo', 'eth0']) {
        await pair.here(`ip link set ${link} up`);
        await pair.there(`ip link set ${link} up`);
      }
      await pair.here(`ip route add default via ${SERVER}`);
      mkdirSync(pair.#files, { recursive: true });
      writeFileSync(join(pair.#files, 'resolv.conf'), `nameserver ${SERVER}\noptions ndots:1\n`);
      await pair.serve();
      return pair;
    } catch (error) {
      await pair.remove();
      throw error;
    }
  }

  /** Runs a command, of words without blanks in them, in the namespace that is watched from. */
  here(line: string): Promise<string> {
    return run(['nsenter', `--net=/run/netns/${this.name}`, ...line.split(' ')]);
  }

  there(line: string): Promise<string> {
    return run(['nsenter', `--net=/run/netns/${this.#far}`, ...line.split(' ')]);
  }

  async serve(): Promise<void> {
    const words = [`--net=/run/netns/${this.#far}`, process.execPath, '-e', SERVE];
    this.#server = spawn('nsenter', words, { stdio: 'ignore' });
    await until('the server', 60, async () => {
      const { stdout } = await attempt(['nsenter', `--net=/run/netns/${this.#far}`, 'ss', '-Hlnut']);
      return (stdout.includes(':5432') && stdout.includes(':53 ')) || 'it does not listen';
    });
  }

  async stopServer(): Promise<void> {
    this.#server?.kill('SIGKILL');
    await sleep(0);
  }

  /** A table of one chain with one rule in it, on one of the two sides. */
  async filter(side: 'here' | 'there', hook: 'input' | 'output', rule: string): Promise<void> {
    await this[side]('nft add table inet watch');
    await this[side](`nft add chain inet watch c { type filter hook ${hook} priority 0 ; }`);
    await this[side](`nft add rule inet watch c ${rule}`);
  }

  /** Its questions are not heard any more, and then what is known is forgotten: nothing else fails meanwhile. */
  async silenceArp(): Promise<void> {
    await this.there('nft add table arp watch');
    await this.there('nft add chain arp watch c { type filter hook input priority 0 ; policy drop ; }');
    await this.here('ip neigh flush all');
  }

  async unfilter(side: 'here' | 'there'): Promise<void> {
    await this[side]('nft delete table inet watch');
  }

  async remove(): Promise<void> {
    this.#server?.kill('SIGKILL');
    for (const netns of [this.name, this.#far]) await attempt(['ip', 'netns', 'delete', netns]);
    rmSync(this.#files, { recursive: true, force: true });
  }
}

/** A fault, how it comes and goes, and the finding that names it. */
export interface PassingFault {
  readonly title: string;
  readonly to: string;
  readonly finding: string;
  begin(pair: WatchPair): Promise<unknown>;
  end(pair: WatchPair): Promise<unknown>;
}

const tcp = `${SERVER}:5432`;

export const PASSING_FAULTS: readonly PassingFault[] = [
  {
    title: 'a filter drops in silence',
    to: tcp,
    finding: 'NT-FW-001',
    begin: (pair) => pair.filter('there', 'input', 'tcp dport 5432 drop'),
    end: (pair) => pair.unfilter('there'),
  },
  {
    title: "the target's own filter drops",
    to: tcp,
    finding: 'NT-FW-002',
    begin: (pair) => pair.filter('here', 'output', 'tcp dport 5432 drop'),
    end: (pair) => pair.unfilter('here'),
  },
  {
    title: 'a filter prohibits',
    to: tcp,
    finding: 'NT-FW-003',
    begin: (pair) => pair.filter('there', 'input', 'tcp dport 5432 reject with icmp type admin-prohibited'),
    end: (pair) => pair.unfilter('there'),
  },
  {
    title: 'a filter rejects',
    to: tcp,
    finding: 'NT-FW-004',
    begin: (pair) => pair.filter('there', 'input', 'tcp dport 5432 reject'),
    end: (pair) => pair.unfilter('there'),
  },
  {
    title: 'a neighbour falls silent',
    to: tcp,
    finding: 'NT-ARP-002',
    begin: (pair) => pair.silenceArp(),
    end: (pair) => pair.there('nft delete table arp watch'),
  },
  {
    title: 'the gateway falls silent',
    to: `${BEHIND}:5432`,
    finding: 'NT-ARP-001',
    begin: (pair) => pair.silenceArp(),
    end: (pair) => pair.there('nft delete table arp watch'),
  },
  {
    title: 'a blackhole route',
    to: tcp,
    finding: 'NT-RT-002',
    begin: (pair) => pair.here(`ip route add blackhole ${SERVER}/32`),
    end: (pair) => pair.here(`ip route del blackhole ${SERVER}/32`),
  },
  {
    title: 'the listener is gone',
    to: tcp,
    finding: 'NT-SOCK-001',
    begin: (pair) => pair.stopServer(),
    end: (pair) => pair.serve(),
  },
  {
    title: 'the name server falls silent',
    to: 'db.example.test:5432',
    finding: 'NT-DNS-001',
    begin: (pair) => pair.filter('there', 'input', 'udp dport 53 drop'),
    end: (pair) => pair.unfilter('there'),
  },
  {
    title: 'answers are late',
    // Each takes more than a second on a link of 45 bytes a second, but for the first: kernels without netem can do this.
    to: SERVER,
    finding: 'NT-LAT-001',
    begin: (pair) => pair.there('tc qdisc add dev eth0 root tbf rate 360bit burst 105b limit 100000'),
    end: (pair) => pair.there('tc qdisc del dev eth0 root'),
  },
  {
    title: 'all packets are lost',
    to: tcp,
    finding: 'NT-FW-001',
    // What is longer than the bucket is dropped, and ARP is shorter.
    begin: (pair) => pair.there('tc qdisc add dev eth0 root tbf rate 8kbit burst 50b limit 100000'),
    end: (pair) => pair.there('tc qdisc del dev eth0 root'),
  },
  {
    title: 'the link loses its carrier',
    to: SERVER,
    finding: 'NT-IF-001',
    begin: (pair) => pair.there('ip link set eth0 down'),
    end: async (pair) => {
      await pair.there('ip link set eth0 up');
    },
  },
];
