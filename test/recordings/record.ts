/**
 * Makes the recordings that the unit tests are fed with: `node test/recordings/record.ts [NAME…]` on a machine where
 * the test cluster is up and dist/kubectl-nettools is built. Each one is written only when what it is named for is
 * really in it. Pods and namespaces of its own are removed afterwards, whatever happens.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compactScript } from '../../src/channels/script.ts';
import type { LatencyInput } from '../../src/checks/latency/facts.ts';
import { planLatency } from '../../src/checks/latency/plan.ts';
import { IN_CLUSTER } from '../../src/cluster/destinations.ts';
import type { ProbeScripts } from '../../src/model/check.ts';
import type { Destination } from '../../src/model/destination.ts';
import type { ProbeResult } from '../../src/model/evidence.ts';
import { CURL_FORMAT } from '../../src/parsers/curl.ts';
import { encodePlan, RunnerDecoder } from '../../src/probes/plan.ts';
import { dnsServiceAddress, repoDir } from '../cluster/paths.ts';
import { attempt, type RunResult, run, until } from '../cluster/proc.ts';
import {
  ADDRESSES,
  closeLab,
  LINKS,
  NAMESPACES,
  openLab,
  withBackground,
  withClientRoute,
  withRateLimit,
  withRules,
} from './lab.ts';
import { PEER_PORTS, SLOW_MS } from './peer.ts';
import { closePods, openPods, type Place, type Pods } from './pods.ts';
import { type Recording, type RunRecording, recordingsDir } from './recordings.ts';

const { client, router } = NAMESPACES;
const { server, absent } = ADDRESSES;
const HTTP = `http://${server}`;

/** Scripts of the project: the recording shows the path, the command carries the text. */
const SCRIPTS = {
  ping: 'src/probes/ping.sh',
  tcpConnect: 'src/probes/tcp-connect.bash',
  runner: 'src/probes/runner.sh',
} as const;
const text = Object.fromEntries(
  await Promise.all(
    Object.values(SCRIPTS).map(async (path) => [path, await readFile(join(repoDir, path), 'utf8')] as const),
  ),
);

/** Runs words somewhere. */
type Run = (argv: readonly string[], input?: string) => Promise<RunResult>;

const inPod = (place: Place): Run => place.exec;
const inLab =
  (place: Place): Run =>
  (argv, input) =>
    attempt(place.words(client, argv), input === undefined ? {} : { input });

const ping = (host: string, count: number, intervalMs: number): string[] => {
  // As the plan of the latency check has it: the last word is the run's limit in seconds.
  return [
    'sh',
    SCRIPTS.ping,
    host,
    String(count),
    String(intervalMs),
    String(Math.ceil((count * intervalMs) / 1000) + 3),
  ];
};
const connect = (
  host: string,
  port: number,
  count: number,
  intervalMs: number,
  budgetMs: number,
): string[] => {
  return [
    'bash',
    SCRIPTS.tcpConnect,
    host,
    String(port),
    String(count),
    String(intervalMs),
    String(budgetMs),
  ];
};
const curl = (url: string, seconds = 10): string[] => {
  return [
    'curl',
    '-sS',
    '-g',
    '-k',
    '-o',
    '/dev/null',
    '--noproxy',
    '*',
    '--max-time',
    String(seconds),
    '-w',
    CURL_FORMAT,
    '--',
    url,
  ];
};
/** As any user but root: no capability, also none to gain by a file's. */
const unprivileged = [
  'setpriv',
  '--reuid',
  '65532',
  '--regid',
  '65532',
  '--clear-groups',
  '--bounding-set',
  '-all',
  '--inh-caps',
  '-all',
];

/** `SCRIPT ARG…` becomes `-c TEXT NAME ARG…`, as the product sends it. */
function sent(argv: readonly string[]): string[] {
  return argv.flatMap((word) => {
    const script = text[word];
    return script === undefined ? [word] : ['-c', script, word.replace(/^.*\/|\.\w+$/g, '')];
  });
}

interface Definition {
  readonly name: string;
  readonly tool: string;
  readonly phenomenon: string;
  readonly argv: readonly string[];
  readonly place: (pods: Pods) => Run;
  /** Makes the fault around the run. */
  readonly during?: <T>(pods: Pods, work: () => Promise<T>) => Promise<T>;
  readonly check: (result: RunResult) => void;
}

/** Sequence numbers that were answered. */
function sequence(stdout: string): number[] {
  return Array.from(stdout.matchAll(/bytes from .*seq=(\d+) .*time=/g), (match) => Number(match[1]));
}

function times(stdout: string): number[] {
  return Array.from(stdout.matchAll(/time=([\d.]+) ms/g), (match) => Number(match[1]));
}

/** A few packets at a time, faster than the rate limit of {@link rising}: a queue that comes and goes. */
const bursts = (pods: Pods): string[] =>
  pods.session.words(client, [
    'bash',
    '-c',
    'while :; do for i in {1..16}; do printf %1400s x >&3; done; sleep 0.3; done 3>/dev/udp/$0/$1 2>/dev/null',
    server,
    String(PEER_PORTS.sink),
  ]);
/** Writes to the peer as fast as it can. */
const bulk = (pods: Pods): string[] =>
  pods.session.words(client, [
    'bash',
    '-c',
    'exec cat /dev/zero >/dev/tcp/$0/$1',
    server,
    String(PEER_PORTS.sink),
  ]);
/** Writes a segment's worth every few milliseconds. */
const steady = (pods: Pods): string[] =>
  pods.session.words(client, [
    'bash',
    '-c',
    'while printf %1000s x; do sleep 0.005; done >/dev/tcp/$0/$1',
    server,
    String(PEER_PORTS.sink),
  ]);

const queueing = <T>(pods: Pods, work: () => Promise<T>): Promise<T> =>
  withRateLimit(router, LINKS.routerToServer, { rate: '1mbit', limit: 200_000 }, () =>
    withBackground([bursts(pods)], work),
  );

async function backlog(namespace: string, device: string, bytes: number): Promise<void> {
  await until(`a backlog of ${bytes} bytes on ${device}`, 10, async () => {
    const [qdisc] = JSON.parse(
      await run(['tc', '-n', namespace, '-j', '-s', 'qdisc', 'show', 'dev', device]),
    ) as { backlog: number }[];
    return (qdisc?.backlog ?? 0) >= bytes || `${qdisc?.backlog} bytes`;
  });
}

/** The client's own link is the bottleneck: many flows, since the kernel lets each queue only a little (TCP small queues). */
const saturatedHere = <T>(pods: Pods, work: () => Promise<T>): Promise<T> =>
  withRateLimit(client, LINKS.clientOut, { rate: '4mbit', limit: 1_000_000 }, () =>
    withBackground(
      Array.from({ length: 16 }, () => bulk(pods)),
      async () => {
        await backlog(client, LINKS.clientOut, 50_000);
        return work();
      },
    ),
  );

/** The bottleneck lies behind the router. */
const saturatedThere = <T>(pods: Pods, work: () => Promise<T>): Promise<T> =>
  withRateLimit(router, LINKS.routerToServer, { rate: '1mbit', limit: 1_000_000 }, () =>
    withBackground([bulk(pods)], async () => {
      await backlog(router, LINKS.routerToServer, 30_000);
      return work();
    }),
  );

const forward =
  (...rules: string[]) =>
  <T>(_pods: Pods, work: () => Promise<T>): Promise<T> =>
    withRules(router, 'forward', rules, work);

const IPUTILS = 'ping (iputils)';
const BUSYBOX = 'ping (busybox)';
const CONNECT = 'tcp-connect.bash';

const RECORDINGS: readonly Definition[] = [
  {
    name: 'ping-iputils-good',
    tool: IPUTILS,
    phenomenon: 'all 20 echo requests are answered',
    argv: ping(dnsServiceAddress, 20, 50),
    // A Service's address does not answer pings; the node's end of the pod network does.
    place: (pods) => async (argv) => {
      const route = await pods.session.exec(['ip', '-4', 'route', 'show', 'default']);
      const gateway = /via (\S+)/.exec(route.stdout)?.[1] ?? '';
      return pods.session.exec(argv.map((word) => (word === dnsServiceAddress ? gateway : word)));
    },
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.deepEqual(
        sequence(stdout),
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
    },
  },
  {
    name: 'ping-iputils-socket',
    tool: IPUTILS,
    phenomenon: 'answers without NET_RAW, over a ping socket',
    argv: ping('127.0.0.1', 5, 50),
    place: (pods) => inPod(pods.restricted),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.equal(sequence(stdout).length, 5);
    },
  },
  {
    name: 'ping-iputils-loss',
    tool: IPUTILS,
    phenomenon: 'every tenth echo request is dropped on the way',
    argv: ping(server, 60, 20),
    place: (pods) => inLab(pods.session),
    during: forward('icmp type echo-request numgen inc mod 10 == 4 drop'),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      const missing = Array.from({ length: 60 }, (_, i) => i + 1).filter(
        (n) => !sequence(stdout).includes(n),
      );
      assert.deepEqual(missing, [5, 15, 25, 35, 45, 55]);
      assert.match(stdout, /60 packets transmitted, 54 received, 10% packet loss/);
    },
  },
  {
    name: 'ping-iputils-unreachable',
    tool: IPUTILS,
    phenomenon: 'the router says that nobody has the address',
    argv: ping(absent, 6, 50),
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 1);
      assert.match(stdout, new RegExp(`From ${ADDRESSES.gateway} icmp_seq=1 Destination Host Unreachable`));
      assert.match(stdout, /6 packets transmitted, 0 received, \+6 errors, 100% packet loss/);
    },
  },
  {
    name: 'ping-iputils-prohibited',
    tool: IPUTILS,
    phenomenon: 'the router says that a filter forbids it (ICMP 3/13)',
    argv: ping(server, 4, 50),
    place: (pods) => inLab(pods.session),
    during: forward('icmp type echo-request reject with icmp type admin-prohibited'),
    check: ({ code, stdout }) => {
      assert.equal(code, 1);
      assert.match(stdout, /icmp_seq=1 Packet filtered/);
    },
  },
  {
    name: 'ping-iputils-silent',
    tool: IPUTILS,
    phenomenon: 'no echo request is answered, and nobody says why',
    argv: ping(server, 5, 50),
    place: (pods) => inLab(pods.session),
    during: forward('icmp type echo-request drop'),
    check: ({ code, stdout }) => {
      assert.equal(code, 1);
      assert.doesNotMatch(stdout, /From /);
      assert.match(stdout, /5 packets transmitted, 0 received, 100% packet loss/);
    },
  },
  {
    name: 'ping-iputils-queue',
    tool: IPUTILS,
    phenomenon: 'round trips of several intervals, and yet nothing is lost',
    argv: ping(server, 60, 20),
    place: (pods) => inLab(pods.session),
    during: queueing,
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.ok(times(stdout).filter((ms) => ms > 60).length >= 3, 'few round trips above 3 intervals');
      assert.match(stdout, /60 packets transmitted, 60 received, 0% packet loss/);
    },
  },
  {
    name: 'ping-iputils-no-permission',
    tool: IPUTILS,
    phenomenon: 'neither a raw socket nor a ping socket may be opened',
    argv: [...unprivileged, ...ping(server, 5, 50)],
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout, stderr }) => {
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /socket: Operation not permitted/);
    },
  },
  {
    name: 'ping-iputils-output-drop',
    tool: IPUTILS,
    phenomenon: 'the firewall of its own namespace drops what it sends',
    argv: ping(server, 5, 50),
    place: (pods) => inLab(pods.session),
    during: (_pods, work) => withRules(client, 'output', ['icmp type echo-request drop'], work),
    check: ({ code, stdout }) => {
      assert.equal(code, 1);
      assert.match(stdout, /5 packets transmitted, 0 received, 100% packet loss/);
    },
  },
  {
    name: 'ping-iputils-prohibit-route',
    tool: IPUTILS,
    phenomenon: 'a prohibit route: connect() says EACCES, which has nothing to do with rights of the process',
    argv: ping(server, 5, 50),
    place: (pods) => inLab(pods.session),
    during: (_pods, work) => withClientRoute(['prohibit', server], work),
    check: ({ code, stderr }) => {
      assert.equal(code, 2);
      assert.match(stderr, /ping: /);
    },
  },
  {
    name: 'ping-iputils-no-route',
    tool: IPUTILS,
    phenomenon: 'an unreachable route: connect() fails at once',
    argv: ping(server, 5, 50),
    place: (pods) => inLab(pods.session),
    during: (_pods, work) => withClientRoute(['unreachable', server], work),
    check: ({ code, stderr }) => {
      assert.equal(code, 2);
      assert.match(stderr, /connect: No route to host/);
    },
  },
  {
    name: 'ping-iputils-unknown-name',
    tool: IPUTILS,
    phenomenon: 'the name does not resolve',
    argv: ping('absent.default.svc.cluster.local.', 3, 50),
    place: (pods) => inPod(pods.session),
    check: ({ code, stdout, stderr }) => {
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /Name or service not known/);
    },
  },
  {
    name: 'ping-missing',
    tool: 'sh (dash)',
    phenomenon: 'there is no ping',
    argv: ['env', 'PATH=/nowhere', '/usr/bin/sh', SCRIPTS.ping, server, '5', '50', '4'],
    place: (pods) => inPod(pods.session),
    check: ({ code, stderr }) => {
      assert.equal(code, 127);
      assert.match(stderr, /ping: not found/);
    },
  },
  {
    name: 'ping-busybox-good',
    tool: BUSYBOX,
    phenomenon: 'all 3 echo requests are answered',
    argv: ping('127.0.0.1', 3, 50),
    place: (pods) => inPod(pods.busybox),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.deepEqual(sequence(stdout), [0, 1, 2]);
    },
  },
  {
    name: 'ping-busybox-silent',
    tool: BUSYBOX,
    phenomenon: 'no echo request is answered',
    argv: ping(server, 3, 50),
    place: (pods) => inLab(pods.busybox),
    during: forward('icmp type echo-request drop'),
    check: ({ code, stdout }) => {
      assert.equal(code, 1);
      assert.match(stdout, /3 packets transmitted, 0 packets received, 100% packet loss/);
    },
  },
  {
    name: 'ping-busybox-no-permission',
    tool: BUSYBOX,
    phenomenon: 'neither a raw socket nor a ping socket may be opened',
    argv: [
      'su',
      'app',
      '-s',
      '/bin/sh',
      '-c',
      'exec sh -c "$0" "$@"',
      '--',
      SCRIPTS.ping,
      server,
      '3',
      '50',
      '4',
    ],
    place: (pods) => async () => {
      // busybox has no setpriv, and su takes its command as one word.
      const words = sent(['sh', SCRIPTS.ping, server, '3', '50', '4']).slice(1);
      return attempt(
        pods.busybox.words(client, [
          'su',
          'app',
          '-s',
          '/bin/sh',
          '-c',
          'exec sh "$@"',
          '--',
          'sh',
          ...words,
        ]),
      );
    },
    check: ({ code, stderr }) => {
      assert.equal(code, 1);
      assert.match(stderr, /permission denied \(are you root\?\)/);
    },
  },
  {
    name: 'ping-busybox-output-drop',
    tool: BUSYBOX,
    phenomenon: 'the firewall of its own namespace drops what it sends: sendto() says EPERM',
    argv: ping(server, 3, 50),
    place: (pods) => inLab(pods.busybox),
    during: (_pods, work) => withRules(client, 'output', ['icmp type echo-request drop'], work),
    check: ({ code, stderr }) => {
      assert.equal(code, 1);
      assert.match(stderr, /sendto: Operation not permitted/);
    },
  },
  {
    name: 'tcp-connect-ok',
    tool: CONNECT,
    phenomenon: 'all 10 connections succeed',
    argv: connect(dnsServiceAddress, 53, 10, 20, 3000),
    place: (pods) => inPod(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^address ${dnsServiceAddress}\n(try\nok \\d+\n){10}$`));
    },
  },
  {
    name: 'tcp-connect-refused',
    tool: CONNECT,
    phenomenon: 'nobody listens on the port',
    argv: connect(server, 9, 5, 20, 3000),
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.equal(stdout.match(/connect: Connection refused\n.*\nfailed \d+$/gm)?.length, 5);
    },
  },
  {
    name: 'tcp-connect-unanswered',
    tool: CONNECT,
    phenomenon: 'the first SYN is dropped, as are all after it, until the time limit ends the script',
    argv: ['timeout', '2', ...connect(server, PEER_PORTS.http, 5, 20, 1000)],
    place: (pods) => inLab(pods.session),
    during: forward(`tcp dport ${PEER_PORTS.http} drop`),
    check: ({ code, stdout }) => {
      assert.equal(code, 124);
      assert.equal(stdout, `address ${server}\ntry\n`);
    },
  },
  {
    name: 'tcp-connect-given-up',
    tool: CONNECT,
    phenomenon: 'every SYN is dropped, and the script gives each try up to make the next',
    argv: connect(server, PEER_PORTS.http, 3, 20, 10_000),
    place: (pods) => inLab(pods.session),
    during: forward(`tcp dport ${PEER_PORTS.http} drop`),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.equal(stdout.match(/^try\ngiven up: Connection timed out\nfailed \d{7}$/gm)?.length, 3);
    },
  },
  {
    name: 'tcp-connect-unreachable',
    tool: CONNECT,
    phenomenon: 'a router forbids it (ICMP 3/13): EHOSTUNREACH',
    argv: connect(server, PEER_PORTS.http, 3, 20, 3000),
    place: (pods) => inLab(pods.session),
    during: forward(`tcp dport ${PEER_PORTS.http} reject with icmp type admin-prohibited`),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.equal(stdout.match(/: No route to host\n.*\nfailed \d+$/gm)?.length, 3);
    },
  },
  {
    name: 'tcp-connect-no-route',
    tool: CONNECT,
    phenomenon: 'the namespace has no route to the address',
    argv: connect(server, PEER_PORTS.http, 3, 20, 3000),
    place: (pods) => inLab(pods.session),
    during: (_pods, work) => withClientRoute(['throw', server], work),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.equal(stdout.match(/: Network is unreachable\n.*\nfailed \d+$/gm)?.length, 3);
    },
  },
  {
    name: 'tcp-connect-unresolved',
    tool: CONNECT,
    phenomenon: 'the image has no getent and the name does not resolve: bash says so at each try',
    argv: [
      'env',
      'PATH=/nowhere',
      '/usr/bin/bash',
      ...connect('absent.default.svc.cluster.local.', 80, 1, 0, 3000).slice(1),
    ],
    place: (pods) => inPod(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 127);
      assert.match(stdout, /\ntry\n.*: Name or service not known\n.*: Invalid argument\nfailed \d+\n/);
    },
  },
  {
    name: 'tcp-connect-budget',
    tool: CONNECT,
    phenomenon: 'lost SYNs eat up the time, so that not all tries are made',
    argv: connect(server, PEER_PORTS.http, 20, 20, 2500),
    place: (pods) => inLab(pods.session),
    during: forward(`tcp dport ${PEER_PORTS.http} tcp flags & (syn | ack) == syn numgen inc mod 3 == 0 drop`),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /\nok 1\d{6}\n/);
      assert.match(stdout, /\nbudget\n$/);
    },
  },
  {
    name: 'ss-bulk',
    tool: 'ss (iproute2)',
    phenomenon: 'connections with full send queues and round trips far above their minimum',
    argv: ['ss', '-tinH'],
    place: (pods) => inLab(pods.session),
    during: saturatedHere,
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      const socket =
        /^ESTAB\s+0\s+[1-9]\d*\s+\S+\s+\S+\s*\n\s+.*\brtt:(\d{2,})[\d.]*\/.*\bminrtt:0\.\d+/m.exec(stdout);
      assert.ok(Number(socket?.[1]) > 20, 'no socket that waits');
    },
  },
  {
    name: 'ss-retransmits',
    tool: 'ss (iproute2)',
    phenomenon: 'a connection that sends segments again',
    argv: ['sh', '-c', 'sleep 1; exec ss -tinH'],
    place: (pods) => inLab(pods.session),
    during: (pods, work) =>
      withRules(
        router,
        'forward',
        [`tcp dport ${PEER_PORTS.sink} meta length > 500 numgen inc mod 10 == 0 drop`],
        () => withBackground([steady(pods)], work),
      ),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /\bretrans:\d+\/[1-9]\d*/);
    },
  },
  {
    name: 'ss-established',
    tool: 'ss (iproute2)',
    phenomenon: 'connections that stand, without the column of their state',
    argv: ['ss', '-tnH', 'state', 'established'],
    place: (pods) => inLab(pods.session),
    during: saturatedHere,
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /^\d+\s+\d+\s+\S+:\d+\s+\S+:\d+\s*$/m);
    },
  },
  {
    name: 'ss-idle',
    tool: 'ss (iproute2)',
    phenomenon: 'a namespace without connections',
    argv: ['ss', '-tinH'],
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.equal(stdout, '');
    },
  },
  {
    name: 'tc-noqueue',
    tool: 'tc (iproute2)',
    phenomenon: "a pod's interfaces, which queue nothing",
    argv: ['tc', '-j', '-s', 'qdisc', 'show'],
    place: (pods) => inPod(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /"kind":"noqueue"/);
    },
  },
  {
    name: 'tc-tbf-backlog',
    tool: 'tc (iproute2)',
    phenomenon: 'a rate limit that holds a backlog',
    argv: ['tc', '-j', '-s', 'qdisc', 'show'],
    place: (pods) => inLab(pods.session),
    during: saturatedHere,
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /"kind":"tbf".*"backlog":[1-9]\d{3,}/);
    },
  },
  {
    name: 'proc-net',
    tool: 'cat',
    phenomenon: 'both files, with counters that have moved',
    argv: ['cat', '/proc/net/snmp', '/proc/net/netstat'],
    place: (pods) => inPod(pods.session),
    during: async (pods, work) => {
      await pods.session.exec(sent(connect(dnsServiceAddress, 53, 5, 20, 3000)));
      return work();
    },
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /^Tcp: RtoAlgorithm .*\nTcp: 1 200 120000 -1 [1-9]/m);
      assert.match(stdout, /^TcpExt: .*TCPSynRetrans.*\nTcpExt: \d/m);
    },
  },
  {
    name: 'proc-status-netadmin',
    tool: 'cat',
    phenomenon: 'root with NET_ADMIN and NET_RAW',
    argv: ['cat', '/proc/self/status'],
    place: (pods) => inPod(pods.session),
    check: ({ stdout }) => {
      assert.match(stdout, /^Uid:\t0\t0/m);
      const bits = BigInt(`0x${/^CapEff:\t(\w+)/m.exec(stdout)?.[1]}`);
      assert.equal((bits >> 12n) & 3n, 3n);
    },
  },
  {
    name: 'proc-status-restricted',
    tool: 'cat',
    phenomenon: 'a user without any capability',
    argv: ['cat', '/proc/self/status'],
    place: (pods) => inPod(pods.restricted),
    check: ({ stdout }) => {
      assert.match(stdout, /^Uid:\t65532\t65532/m);
      assert.match(stdout, /^CapEff:\t0{16}$/m);
    },
  },
  {
    name: 'curl-ok',
    tool: 'curl',
    phenomenon: 'an answer at once',
    argv: curl(`${HTTP}:${PEER_PORTS.http}/`),
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.match(stdout, /^200 0\.0\d+ 0\.000000 0\.0\d+ 0\.0\d+ 203\.0\.113\.2\n$/);
    },
  },
  {
    name: 'curl-tls',
    tool: 'curl',
    phenomenon: 'a TLS handshake between connecting and asking',
    argv: curl('https://kubernetes.default.svc.cluster.local/version'),
    place: (pods) => inPod(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      const [, connected = 0, ready = 0, first = 0] = stdout.split(' ').map(Number);
      assert.ok(connected > 0 && ready > connected && first > ready, stdout);
    },
  },
  {
    name: 'curl-slow-server',
    tool: 'curl',
    phenomenon: 'the first byte comes long after the connection',
    argv: curl(`${HTTP}:${PEER_PORTS.slowHttp}/`),
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 0);
      assert.ok(Number(stdout.split(' ')[3]) >= SLOW_MS / 1000, stdout);
    },
  },
  {
    name: 'curl-no-answer',
    tool: 'curl',
    phenomenon: 'connected, but no byte comes within the time limit',
    argv: curl(`${HTTP}:${PEER_PORTS.silentHttp}/`, 2),
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 28);
      assert.match(stdout, /^000 0\.0\d*[1-9]\d* 0\.000000 0\.000000 2\.0\d+ 203\.0\.113\.2\n$/);
    },
  },
  {
    name: 'curl-refused',
    tool: 'curl',
    phenomenon: 'no connection',
    argv: curl(`${HTTP}:9/`),
    place: (pods) => inLab(pods.session),
    check: ({ code, stdout }) => {
      assert.equal(code, 7);
      assert.match(stdout, /^000 0\.000000 0\.000000 0\.000000 0\.0\d+ \n$/);
    },
  },
];

interface RunDefinition {
  readonly name: string;
  readonly phenomenon: string;
  readonly destinations: readonly Destination[];
  readonly count: number;
  readonly intervalMs: number;
  readonly place: (pods: Pods) => Run;
  readonly during?: <T>(pods: Pods, work: () => Promise<T>) => Promise<T>;
  readonly check: (result: (id: string) => ProbeResult) => void;
}

const LAB_GATEWAY: Destination = {
  id: 'gateway',
  label: 'gateway',
  host: ADDRESSES.gateway,
  port: '9',
  anyPort: true,
  role: 'gateway',
  inCluster: true,
  protocol: 'tcp',
};

function asked(port: number, url?: string): Destination {
  const label = url ?? `${server}:${port}`;
  return {
    id: 'to0',
    label,
    host: server,
    port: String(port),
    anyPort: false,
    role: 'asked',
    inCluster: true,
    protocol: 'tcp',
    ...(url ? { url } : {}),
  };
}

const received = (result: ProbeResult): number => sequence(result.stdout).length;
const counter = (result: ProbeResult, group: string, name: string): number => {
  const [names, values] = result.stdout.split('\n').filter((line) => line.startsWith(`${group}: `));
  return Number(values?.split(' ')[names?.split(' ').indexOf(name) ?? -1]);
};
const grew = (result: (id: string) => ProbeResult, group: string, name: string): number =>
  counter(result('counters-after'), group, name) - counter(result('counters-before'), group, name);

const RUNS: readonly RunDefinition[] = [
  {
    name: 'healthy',
    phenomenon: 'everything answers: the gateway, DNS, the API server and a Service',
    destinations: [
      ...IN_CLUSTER,
      {
        id: 'to0',
        label: 'web',
        host: 'web.default.svc.cluster.local',
        port: '80',
        anyPort: false,
        role: 'asked',
        inCluster: true,
        protocol: 'tcp',
      },
    ],
    count: 10,
    intervalMs: 50,
    place: (pods) => inPod(pods.session),
    check: (result) => {
      assert.equal(received(result('gateway-icmp')), 10);
      for (const id of ['dns-tcp', 'api-tcp', 'to0-tcp'])
        assert.equal(result(id).stdout.match(/^ok /gm)?.length, 10, id);
    },
  },
  {
    name: 'restricted',
    phenomenon: 'the same without any capability',
    destinations: IN_CLUSTER,
    count: 10,
    intervalMs: 50,
    place: (pods) => inPod(pods.restricted),
    check: (result) => {
      assert.match(result('status').stdout, /^CapEff:\t0{16}$/m);
      assert.equal(received(result('gateway-icmp')), 10);
    },
  },
  {
    name: 'busybox',
    phenomenon: 'an image with busybox alone: no bash, no ss, no tc',
    destinations: IN_CLUSTER,
    count: 10,
    intervalMs: 50,
    place: (pods) => inPod(pods.busybox),
    check: (result) => {
      assert.ok(received(result('gateway-icmp')) >= 2);
      assert.equal(result('dns-tcp').status, 'missing');
      assert.equal(result('sockets').code, 127);
    },
  },
  {
    name: 'loss',
    phenomenon: 'every tenth echo request is dropped',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.http)],
    count: 60,
    intervalMs: 20,
    place: (pods) => inLab(pods.session),
    during: forward('icmp type echo-request numgen inc mod 10 == 4 drop'),
    check: (result) => {
      assert.equal(received(result('to0-icmp')), 54);
      assert.equal(received(result('gateway-icmp')), 60);
    },
  },
  {
    name: 'high-rtt',
    phenomenon: 'a queue on the way to one destination adds tens of milliseconds, and loses nothing',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.http)],
    count: 60,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    during: queueing,
    check: (result) => {
      assert.equal(received(result('to0-icmp')), 60);
      assert.ok(times(result('to0-icmp').stdout).filter((ms) => ms > 30).length > 3, 'few slow round trips');
    },
  },
  {
    name: 'retransmits',
    phenomenon: 'every tenth data segment of a connection is dropped',
    destinations: [LAB_GATEWAY],
    count: 60,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    during: (pods, work) =>
      withRules(
        router,
        'forward',
        [`tcp dport ${PEER_PORTS.sink} meta length > 500 numgen inc mod 10 == 0 drop`],
        () => withBackground([steady(pods)], work),
      ),
    check: (result) => {
      const share = grew(result, 'Tcp', 'RetransSegs') / grew(result, 'TcpExt', 'TCPOrigDataSent');
      assert.ok(grew(result, 'TcpExt', 'TCPOrigDataSent') >= 100, 'too little data');
      assert.ok(share > 0.05, `only ${share} was sent again`);
    },
  },
  {
    name: 'bufferbloat',
    phenomenon: "the target's own rate limit holds a backlog",
    destinations: [LAB_GATEWAY],
    count: 20,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    during: saturatedHere,
    check: (result) => {
      assert.match(result('qdiscs').stdout, /"kind":"tbf".*"backlog":[1-9]\d{3,}/);
      assert.match(result('sockets').stdout, /\brtt:\d{2,}[\d.]*\/.*\bminrtt:0\.\d+/);
    },
  },
  {
    name: 'bufferbloat-further-on',
    phenomenon: 'a rate limit behind the router holds a backlog, the target has none',
    destinations: [LAB_GATEWAY],
    count: 20,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    during: saturatedThere,
    check: (result) => {
      assert.doesNotMatch(result('qdiscs').stdout, /"backlog":[1-9]/);
      assert.match(result('sockets').stdout, /\brtt:\d{3,}[\d.]*\/.*\bminrtt:0\.\d+/);
    },
  },
  {
    name: 'slow-connect',
    phenomenon: 'every tenth SYN is dropped: the connection comes a second later',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.http)],
    count: 30,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    during: forward(
      `tcp dport ${PEER_PORTS.http} tcp flags & (syn | ack) == syn numgen inc mod 10 == 4 drop`,
    ),
    check: (result) => {
      assert.match(result('to0-tcp').stdout, /^ok 1\d{6}$/m);
      assert.ok(grew(result, 'TcpExt', 'TCPSynRetrans') >= 1);
    },
  },
  {
    name: 'slow-server',
    phenomenon: 'an HTTP server that thinks for a while',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.slowHttp, `${HTTP}:${PEER_PORTS.slowHttp}/`)],
    count: 10,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    check: (result) => {
      assert.equal(result('to0-tcp').stdout.match(/^ok /gm)?.length, 10);
      assert.ok(Number(result('to0-http').stdout.split(' ')[3]) >= SLOW_MS / 1000);
    },
  },
  {
    name: 'no-answer',
    phenomenon: 'an HTTP server that accepts and never answers',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.silentHttp, `${HTTP}:${PEER_PORTS.silentHttp}/`)],
    count: 10,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    check: (result) => assert.equal(result('to0-http').code, 28),
  },
  {
    name: 'silent',
    phenomenon: 'the destination answers neither echo requests nor SYNs',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.http)],
    count: 10,
    intervalMs: 50,
    place: (pods) => inLab(pods.session),
    during: forward(`ip daddr ${server} drop`),
    check: (result) => {
      assert.equal(received(result('to0-icmp')), 0);
      assert.match(result('to0-tcp').stdout, /^given up: Connection timed out$/m);
      assert.doesNotMatch(result('to0-tcp').stdout, /^ok /m);
    },
  },
  {
    name: 'icmp-filtered',
    phenomenon: 'echo requests are dropped, connections are not',
    destinations: [LAB_GATEWAY, asked(PEER_PORTS.http)],
    count: 60,
    intervalMs: 20,
    place: (pods) => inLab(pods.session),
    during: forward('icmp type echo-request drop'),
    check: (result) => {
      assert.equal(received(result('to0-icmp')), 0);
      assert.equal(result('to0-tcp').stdout.match(/^ok /gm)?.length, 60);
    },
  },
];

const plainly = <T>(_pods: Pods, work: () => Promise<T>): Promise<T> => work();

/** The first line of what the tool says of itself. */
async function versionOf(tool: string, pods: Pods): Promise<string> {
  const { exec } = tool.includes('busybox') ? pods.busybox : pods.session;
  const words: Record<string, readonly string[]> = {
    [IPUTILS]: ['ping', '-V'],
    [BUSYBOX]: ['busybox'],
    [CONNECT]: ['bash', '--version'],
    'sh (dash)': ['cat', '/etc/debian_version'],
    'ss (iproute2)': ['ss', '-V'],
    'tc (iproute2)': ['tc', '-V'],
    curl: ['curl', '--version'],
    cat: ['uname', '-sr'],
  };
  const { stdout } = await exec(words[tool] ?? ['uname', '-sr']);
  const line = stdout.split('\n')[0] ?? '';
  return tool === 'sh (dash)' ? `Debian ${line}` : line;
}

async function save(name: string, content: Recording | RunRecording): Promise<void> {
  await writeFile(join(recordingsDir, `${name}.json`), `${JSON.stringify(content, null, 2)}\n`);
  console.log(`recorded ${name}`);
}

async function record(definition: Definition, pods: Pods): Promise<void> {
  const { name, tool, phenomenon, argv, place, check, during = plainly } = definition;
  if (definition.during) await openLab();
  const result = await during(pods, () => place(pods)(sent(argv)));
  explain(name, result, () => check(result));
  const { code, stdout, stderr } = result;
  await save(name, {
    tool,
    version: await versionOf(tool, pods),
    argv,
    date: new Date().toISOString(),
    phenomenon,
    code,
    stdout,
    stderr,
  });
}

async function recordRun(definition: RunDefinition, pods: Pods): Promise<void> {
  const { name, phenomenon, destinations, count, intervalMs, place, check, during = plainly } = definition;
  const input: LatencyInput = {
    destinations,
    count,
    intervalMs,
    thresholds: {
      rttFactor: 3,
      rttFloorMs: 10,
      lossWarning: 0.01,
      lossCritical: 0.05,
      retransmitWarning: 0.01,
      retransmitCritical: 0.05,
      bufferbloatFactor: 5,
      slowServerMs: 1000,
    },
  };
  // The check sends no other script.
  const scripts = { ping: text[SCRIPTS.ping], tcpConnect: text[SCRIPTS.tcpConnect] } as ProbeScripts;
  const { before, probe, after } = planLatency(input, scripts);
  const plan = { phases: [before, probe, after] };
  const argv = ['sh', '-c', compactScript(text[SCRIPTS.runner] ?? ''), 'nettools-runner'];
  // Connections that an earlier fault has left, and what the kernel counted for them, belong to no other run.
  await openLab();
  const result = await during(pods, () => place(pods)(argv, encodePlan(plan)));
  const evidence: Record<string, ProbeResult> = {};
  for (const event of new RunnerDecoder(plan).push(Buffer.from(result.stdout))) {
    if (event.kind === 'result') evidence[event.result.id] = event.result;
  }
  explain(name, result, () => check((id) => evidence[id] ?? assert.fail(`no result ${id}`)));
  await save(`run-${name}`, {
    tool: SCRIPTS.runner,
    version: await versionOf(name === 'busybox' ? BUSYBOX : 'cat', pods),
    argv: ['sh', SCRIPTS.runner],
    date: new Date().toISOString(),
    phenomenon,
    code: result.code,
    stderr: result.stderr,
    input,
    evidence,
  });
}

/** A phenomenon that is not there fails the recording, and what was there instead is shown. */
function explain(name: string, { code, stdout, stderr }: RunResult, check: () => void): void {
  try {
    check();
  } catch (error) {
    console.error(`${name}: exit code ${code}\n--- stdout\n${stdout}\n--- stderr\n${stderr}\n---`);
    const [reason] = (error as Error).message.split('\n');
    throw new Error(`${name} does not show that ${reason}`);
  }
}

/** Both, also when one of them fails. */
async function cleanUp(): Promise<void> {
  try {
    await closeLab();
  } finally {
    await closePods();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
}
try {
  const wanted = process.argv.slice(2);
  const chosen = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  const pods = await openPods();
  await openLab();
  for (const definition of RECORDINGS) if (chosen(definition.name)) await record(definition, pods);
  for (const definition of RUNS) if (chosen(`run-${definition.name}`)) await recordRun(definition, pods);
  await run([join(repoDir, 'node_modules/.bin/biome'), 'format', '--write', recordingsDir]);
} finally {
  await cleanUp();
}
