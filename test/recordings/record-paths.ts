/**
 * Makes the recordings of the mtu, conntrack, tls and throughput checks' tools: `node test/recordings/record-paths.ts
 * [NAME…]` on a machine where the test cluster is up. Each one is written only when what it is named for is really in
 * it. Its namespace is removed afterwards, whatever happens.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';
import { attempt, type RunResult, run, until } from '../cluster/proc.ts';
import { app, helper, pod, TestNamespace } from '../e2e/support/cluster.ts';
import {
  dropIn,
  fewPorts,
  keepSending,
  manySockets,
  narrowRoute,
  RATE_LIMIT,
  TOO_LARGE,
  translate,
} from '../faults/path-faults.ts';
import { nodeNetns, type PodNetns, podNetns, withFault } from '../faults/pod-netns.ts';
import { withTraffic } from '../faults/traffic.ts';
import { type Recording, recordingsDir } from './recordings.ts';

const ns = new TestNamespace('nettools-rec-paths', {});
/** A Service's address as the recordings need one: nobody has it. */
const VIRTUAL = '198.19.255.200';
const GONE = '198.18.2.250';
const TLS_PORT = '8443';

interface Pods {
  readonly client: PodNetns;
  readonly far: PodNetns;
}

interface Definition {
  readonly name: string;
  readonly tool: string;
  readonly phenomenon: string;
  /** A script of the project stands as its path. */
  readonly argv: (pods: Pods) => readonly string[];
  /** The container of the client that it runs in. */
  readonly container?: 'app' | 'helper';
  readonly during?: (pods: Pods, work: () => Promise<RunResult>) => Promise<RunResult>;
  readonly shows: RegExp;
}

const MTU = 'src/probes/path-mtu.sh';
const TRANSFER = 'src/probes/tcp-transfer.bash';
const TLS = 'src/probes/tls.sh';

const narrowed: Definition['during'] = ({ client, far }, work) =>
  withFault(nodeNetns('node1'), narrowRoute(far), async () => {
    await client.run('ip', 'route', 'flush', 'cache');
    return work();
  });
const holed: Definition['during'] = (pods, work) =>
  withFault(pods.client, dropIn(TOO_LARGE), () => narrowed(pods, work));
const clashing: Definition['during'] = ({ client, far }, work) =>
  withFault(client, fewPorts(client, 9999), () =>
    withTraffic(client, manySockets(far.address, 9999), async () => {
      await until('a clash', 10, async () => {
        const { stdout } = await attempt(['nsenter', `--net=/proc/${client.pid}/ns/net`, 'conntrack', '-S']);
        return /insert_failed=[1-9]/.test(stdout) || stdout;
      });
      return work();
    }),
  );

const mtu = ({ far }: Pods) => ['sh', MTU, far.address];
const transfer = ({ far }: Pods) => ['bash', TRANSFER, far.address, '8080'];
const tls =
  (port: string, ...names: string[]) =>
  ({ far }: Pods) => ['sh', TLS, far.address, port, '', names[0] ?? '', ...names];
const iperf =
  (port: string) =>
  ({ far }: Pods) => ['iperf3', '-J', '-c', far.address, '-p', port, '-t', '1', '--connect-timeout', '3000'];

const DEFINITIONS: readonly Definition[] = [
  {
    name: 'path-mtu-full',
    tool: MTU,
    phenomenon: 'packets of the MTU get through',
    argv: mtu,
    shows: /^path-mtu 1500$/m,
  },
  {
    name: 'path-mtu-announced',
    tool: MTU,
    phenomenon: 'a router says that it takes 1400 bytes',
    argv: mtu,
    during: narrowed,
    shows: /^icmp From \S+ .*mtu = 1400\)\n[\s\S]*^path-mtu 1400$/m,
  },
  {
    name: 'path-mtu-black-hole',
    tool: MTU,
    phenomenon: 'a router takes 1400 bytes and nobody says so',
    argv: mtu,
    during: holed,
    shows: /^address (?![\s\S]*^icmp )[\s\S]*^bytes 1401 sent 3 received 0\npath-mtu 1400$/m,
  },
  {
    name: 'path-mtu-no-answer',
    tool: MTU,
    phenomenon: 'no echo request is answered',
    argv: mtu,
    during: ({ far }, work) => withFault(far, dropIn('icmp type echo-request'), work),
    shows: /^no-answer$/m,
  },
  {
    name: 'path-mtu-busybox',
    tool: MTU,
    phenomenon: 'a ping that cannot forbid fragmentation',
    argv: mtu,
    container: 'app',
    shows: /^no-df$/m,
  },
  {
    name: 'tcp-transfer-done',
    tool: TRANSFER,
    phenomenon: 'all is acknowledged',
    argv: transfer,
    shows: /^connected\n(?![\s\S]*unacked)[\s\S]*bytes_acked:8\d{3}/m,
  },
  {
    name: 'tcp-transfer-stalled',
    tool: TRANSFER,
    phenomenon: 'small segments arrive, full ones do not',
    argv: transfer,
    during: holed,
    shows: /backoff:3 .*bytes_acked:\d\d .*unacked:\d+ .*sacked:1/,
  },
  {
    name: 'tcp-transfer-refused',
    tool: TRANSFER,
    phenomenon: 'nobody listens',
    argv: ({ far }) => ['bash', TRANSFER, far.address, '9'],
    shows: /Connection refused/,
  },
  {
    name: 'conntrack-list-dnat',
    tool: 'conntrack',
    phenomenon: 'a UDP connection that is sent on to an address that nobody has',
    argv: () => ['conntrack', '-L', '--dst-nat', '-p', 'udp'],
    during: ({ client }, work) =>
      withFault(client, translate(VIRTUAL, 514, GONE), () =>
        withTraffic(client, keepSending(VIRTUAL, 514), async () => {
          await until('a connection', 5, async () => {
            const listed = await client.attempt('conntrack', '-L', '--dst-nat');
            return listed.stdout.includes(GONE) || 'none yet';
          });
          return work();
        }),
      ),
    shows: /^udp .*dport=514 \[UNREPLIED\] src=198\.18\.2\.250 /m,
  },
  {
    name: 'conntrack-stats-clash',
    tool: 'conntrack',
    phenomenon: 'entries could not be inserted',
    argv: () => ['conntrack', '-S'],
    during: clashing,
    shows: /insert_failed=[1-9]/,
  },
  {
    name: 'conntrack-proc-clash',
    tool: 'conntrack',
    phenomenon: 'entries could not be inserted',
    argv: () => ['cat', '/proc/net/stat/nf_conntrack'],
    during: clashing,
    shows: /^entries .*insert_failed.*\n([0-9a-f]{8} +)+/m,
  },
  {
    name: 'conntrack-fill',
    tool: 'conntrack',
    phenomenon: 'the number of entries and the limit',
    argv: () => [
      'cat',
      '/proc/sys/net/netfilter/nf_conntrack_count',
      '/proc/sys/net/netfilter/nf_conntrack_max',
    ],
    shows: /^\d+\n\d+\n$/,
  },
  {
    name: 'tls-good',
    tool: TLS,
    phenomenon: 'a certificate for the name that is asked for',
    argv: tls(TLS_PORT, 'shop.example.com'),
    shows: /^name shop\.example\.com match$/m,
  },
  {
    name: 'tls-other-name',
    tool: TLS,
    phenomenon: 'a certificate for another name',
    argv: tls(TLS_PORT, 'pay.example.com', '192.0.2.7'),
    shows: /^name pay\.example\.com mismatch\nname 192\.0\.2\.7 mismatch$/m,
  },
  {
    name: 'tls-plain-http',
    tool: TLS,
    phenomenon: 'a server that speaks no TLS',
    argv: tls('8080', 'shop.example.com'),
    shows: /^connected\nhandshake .*wrong version number/m,
  },
  {
    name: 'tls-refused',
    tool: TLS,
    phenomenon: 'nobody listens',
    argv: tls('9'),
    shows: /Connection refused/,
  },
  {
    name: 'tls-missing',
    tool: TLS,
    phenomenon: 'an image without openssl',
    argv: tls(TLS_PORT),
    container: 'app',
    shows: /^no-openssl$/m,
  },
  {
    name: 'iperf-limited',
    tool: 'iperf3',
    phenomenon: 'a rate limit of 50 Mbit/s',
    argv: iperf('5201'),
    during: ({ client }, work) => withFault(client, RATE_LIMIT, work),
    shows: /"sum_received":[\s\S]*"bits_per_second":\s*[45]\d{7}/,
  },
  {
    name: 'iperf-refused',
    tool: 'iperf3',
    phenomenon: 'nobody listens',
    argv: iperf('5999'),
    shows: /Connection refused/,
  },
  {
    name: 'link-speed-veth',
    tool: 'src/probes/link-speed.sh',
    phenomenon: 'a virtual interface',
    argv: ({ far }) => ['sh', 'src/probes/link-speed.sh', far.address],
    shows: /^hardware no\nspeed 10000$/m,
  },
];

function exec(podName: string, container: string, argv: readonly string[]): Promise<RunResult> {
  const words = ['exec', '-n', ns.name, podName, '-c', container, '--', ...argv];
  return attempt([kubectlPath(), '--kubeconfig', kubeconfig, ...words]);
}

/** `SCRIPT ARG…` becomes `-c TEXT NAME ARG…`, as the product sends it. */
async function sent(argv: readonly string[]): Promise<string[]> {
  const words = argv.map(async (word) =>
    word.startsWith('src/probes/')
      ? ['-c', await readFile(join(repoDir, word), 'utf8'), word.replace(/^.*\/|\.\w+$/g, '')]
      : [word],
  );
  return (await Promise.all(words)).flat();
}

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  [MTU]: ['ping', '-V'],
  [TRANSFER]: ['ss', '-V'],
  [TLS]: ['openssl', 'version'],
  conntrack: ['conntrack', '-V'],
  iperf3: ['iperf3', '--version'],
};

async function versionOf({ tool, container }: Definition): Promise<string> {
  if (container === 'app') return (await exec('client', 'app', ['busybox'])).stdout.split('\n')[0] ?? '';
  const { stdout } = await exec('client', 'helper', VERSIONS[tool] ?? ['uname', '-sr']);
  return stdout.split('\n')[0] ?? '';
}

async function record(definition: Definition, pods: Pods): Promise<void> {
  const { name, tool, phenomenon, argv, container = 'helper', shows, during } = definition;
  const words = argv(pods);
  const work = async (): Promise<RunResult> => exec('client', container, await sent(words));
  const { code, stdout, stderr } = await (during ? during(pods, work) : work());
  if (!shows.test(stdout)) throw new Error(`${name} does not show ${shows}:\n${stdout}\n${stderr}`);
  const content: Recording = {
    tool,
    version: await versionOf(definition),
    argv: words,
    date: new Date().toISOString(),
    phenomenon,
    code,
    stdout,
    stderr,
  };
  await writeFile(join(recordingsDir, `${name}.json`), `${JSON.stringify(content, null, 2)}\n`);
  console.log(`recorded ${name}`);
}

const SERVERS = `
set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/key -out /tmp/crt -days 90 \
  -subj /CN=test -addext 'subjectAltName=DNS:shop.example.com,DNS:*.shop.example.com,IP:192.0.2.9' 2>/dev/null
nohup openssl s_server -accept ${TLS_PORT} -cert /tmp/crt -key /tmp/key -quiet </dev/null >/dev/null 2>&1 &
nohup iperf3 -s </dev/null >/dev/null 2>&1 &
`;

async function open(): Promise<Pods> {
  await ns.create();
  const containers = [app, helper];
  await ns.start(
    pod('client', { containers, spec: { nodeName: 'node1' } }),
    pod('far', { containers, spec: { nodeName: 'node2' } }),
  );
  await ns.help('far', 'bash', '-c', SERVERS);
  const [client, far] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'far')]);
  await until('the servers', 10, async () => {
    const listening = await far.run('ss', '-tlnH');
    return [TLS_PORT, '5201'].every((port) => listening.includes(`:${port} `)) || listening;
  });
  return { client, far };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void ns.remove().finally(() => process.exit(1)));
}
try {
  const wanted = process.argv.slice(2);
  const pods = await open();
  for (const definition of DEFINITIONS) {
    if (wanted.length === 0 || wanted.includes(definition.name)) await record(definition, pods);
  }
  const files = DEFINITIONS.map(({ name }) => join(recordingsDir, `${name}.json`));
  await run([join(repoDir, 'node_modules/.bin/biome'), 'format', '--write', ...files]);
} finally {
  await ns.remove();
}
