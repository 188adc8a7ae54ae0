/**
 * Makes the bundles that the rules of interfaces, arp and routing are tested with: `node test/recordings/record-ways.ts
 * [NAME…]` on a machine where the test cluster is up and dist/kubectl-nettools is built. Each one is written only when
 * the finding that it is named for is in its report. Its namespace is removed afterwards, whatever happens.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../../src/model/bundle.ts';
import { kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { type Netns, type PodNetns, podNetns, withFault } from '../faults/pod-netns.ts';
import { type BundleRecording, bundlesDir } from './recordings.ts';

const NAMESPACE = 'ntrec-ways';
const binary = join(repoDir, 'dist/kubectl-nettools');
const PODS = { client: 'node1', near: 'node1', far: 'node2' } as const;
type Pods = Readonly<Record<keyof typeof PODS, PodNetns>>;

interface Definition {
  readonly name: string;
  readonly check: 'interfaces' | 'arp' | 'routing';
  readonly phenomenon: string;
  readonly args?: readonly string[];
  /** Must be the first one that is found; `undefined`: nothing above info. */
  readonly finding: string | undefined;
  readonly where?: (pods: Pods) => Netns;
  readonly steps?: (pods: Pods) => readonly { readonly make: string; readonly undo: string }[];
}

const OTHER_TOOLS = ['--image', 'localhost/netshoot-like:1'] as const;
const TO_FAR = ['--to', 'pod/far'] as const;
const TO_NEAR = ['--to', 'pod/near'] as const;

const RECORDINGS: readonly Definition[] = [
  ...(['interfaces', 'arp', 'routing'] as const).flatMap((check): Definition[] => [
    {
      name: `${check}-healthy`,
      check,
      phenomenon: 'nothing is wrong',
      args: [...TO_FAR, ...TO_NEAR],
      finding: undefined,
    },
    {
      name: `${check}-restricted`,
      check,
      phenomenon: 'nothing is wrong; no capability',
      args: [...TO_FAR, '--profile', 'restricted'],
      finding: undefined,
    },
    {
      name: `${check}-busybox`,
      check,
      phenomenon: 'nothing is wrong; busybox alone',
      args: [...TO_FAR, '--image', 'localhost/app:1'],
      finding: undefined,
    },
  ]),
  {
    name: 'routing-no-default',
    check: 'routing',
    phenomenon: 'the default route is gone',
    args: TO_FAR,
    finding: 'NT-RT-001',
    steps: ({ client }) => [
      { make: 'ip route del default', undo: `ip route replace default via ${client.gateway}` },
    ],
  },
  ...(['blackhole', 'unreachable', 'prohibit', 'throw'] as const).map(
    (type): Definition => ({
      name: `routing-${type}`,
      check: 'routing',
      phenomenon: `a ${type} route`,
      args: TO_FAR,
      finding: 'NT-RT-002',
      steps: ({ far }) => [
        { make: `ip route add ${type} ${far.address}`, undo: `ip route del ${type} ${far.address}` },
      ],
    }),
  ),
  {
    name: 'routing-rule-prohibit',
    check: 'routing',
    phenomenon: 'a prohibit rule',
    args: TO_FAR,
    finding: 'NT-RT-002',
    steps: ({ far }) => [
      { make: `ip rule add to ${far.address} prohibit priority 100`, undo: 'ip rule del priority 100' },
    ],
  },
  {
    name: 'routing-no-main',
    check: 'routing',
    phenomenon: 'the rule for main is gone',
    args: TO_FAR,
    finding: 'NT-RT-004',
    steps: () => [{ make: 'ip rule del priority 32766', undo: 'ip rule add lookup main priority 32766' }],
  },
  {
    name: 'routing-source',
    check: 'routing',
    phenomenon: 'a route with another source address',
    args: TO_FAR,
    finding: 'NT-RT-005',
    steps: ({ client, far }) => [
      { make: 'ip addr add 203.0.113.9/32 dev eth0', undo: 'ip addr del 203.0.113.9/32 dev eth0' },
      {
        make: `ip route add ${far.address} via ${client.gateway} src 203.0.113.9`,
        undo: `ip route del ${far.address}`,
      },
    ],
  },
  {
    name: 'routing-remote-hop',
    check: 'routing',
    phenomenon: 'the next hop has no route',
    args: TO_FAR,
    finding: 'NT-RT-007',
    where: ({ client }) => client.node,
    steps: ({ client, far }) => {
      const rule = `from ${client.address} to ${far.address} unreachable priority 100`;
      return [{ make: `ip rule add ${rule}`, undo: `ip rule del ${rule}` }];
    },
  },
  {
    name: 'arp-gateway',
    check: 'arp',
    phenomenon: 'nobody has the address of the gateway',
    finding: 'NT-ARP-001',
    steps: ({ client }) => [
      {
        make: `ip route replace default via ${client.gateway.replace(/\d+$/, '254')}`,
        undo: `ip route replace default via ${client.gateway}`,
      },
    ],
  },
  {
    name: 'arp-permanent',
    check: 'arp',
    phenomenon: 'a wrong PERMANENT entry',
    args: TO_NEAR,
    finding: 'NT-ARP-002',
    steps: ({ near }) => [
      {
        make: `ip neigh replace ${near.address} dev eth0 lladdr 02:00:00:00:00:99 nud permanent`,
        undo: `ip neigh del ${near.address} dev eth0`,
      },
    ],
  },
  {
    name: 'arp-netshoot-healthy',
    check: 'arp',
    phenomenon: 'nothing is wrong; the arping of Habets',
    args: [...TO_NEAR, ...OTHER_TOOLS],
    finding: undefined,
  },
  {
    name: 'arp-netshoot-gateway',
    check: 'arp',
    phenomenon: 'nobody has the address of the gateway; the arping of Habets',
    args: OTHER_TOOLS,
    finding: 'NT-ARP-001',
    steps: ({ client }) => [
      {
        make: `ip route replace default via ${client.gateway.replace(/\d+$/, '254')}`,
        undo: `ip route replace default via ${client.gateway}`,
      },
    ],
  },
  {
    name: 'arp-netshoot-duplicate',
    check: 'arp',
    phenomenon: "another host has the target's address; the arping of Habets",
    args: OTHER_TOOLS,
    finding: 'NT-ARP-004',
    where: ({ near }) => near,
    steps: ({ client }) => [
      {
        make: `ip addr add ${client.address}/32 dev eth0`,
        undo: `ip addr del ${client.address}/32 dev eth0`,
      },
    ],
  },
  {
    name: 'routing-alpine-blackhole',
    check: 'routing',
    phenomenon: 'a blackhole route; the ip of busybox beside a bash',
    args: [...TO_FAR, '--image', 'localhost/alpine-like:1'],
    finding: 'NT-RT-002',
    steps: ({ far }) => [
      { make: `ip route add blackhole ${far.address}`, undo: `ip route del blackhole ${far.address}` },
    ],
  },
  {
    name: 'arp-duplicate',
    check: 'arp',
    phenomenon: "another host has the target's address",
    finding: 'NT-ARP-004',
    where: ({ near }) => near,
    steps: ({ client }) => [
      {
        make: `ip addr add ${client.address}/32 dev eth0`,
        undo: `ip addr del ${client.address}/32 dev eth0`,
      },
    ],
  },
  {
    name: 'arp-last-hop',
    check: 'arp',
    phenomenon: 'the last router does not find the destination',
    args: ['--to', '198.18.2.254:80'],
    finding: 'NT-ARP-002',
  },
  {
    name: 'interfaces-no-carrier',
    check: 'interfaces',
    phenomenon: 'the other end of the link is down',
    finding: 'NT-IF-001',
    where: ({ client }) => client.node,
    steps: ({ client }) => [
      { make: `ip link set ${client.veth} down`, undo: `ip link set ${client.veth} up` },
    ],
  },
  {
    name: 'interfaces-errors',
    check: 'interfaces',
    phenomenon: 'a tunnel whose other end has no route',
    args: ['--to', '192.0.2.2'],
    finding: 'NT-IF-002',
    steps: () => [
      { make: 'ip route add unreachable 203.0.113.9', undo: 'ip route del unreachable 203.0.113.9' },
      {
        make: 'ip link add tunnel0 type vxlan id 7 remote 203.0.113.9 dstport 4789',
        undo: 'ip link del tunnel0',
      },
      { make: 'ip addr add 192.0.2.1/24 dev tunnel0', undo: '' },
      { make: 'ip link set tunnel0 up', undo: '' },
      { make: 'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev tunnel0 nud permanent', undo: '' },
    ],
  },
];

const kubectl = (argv: readonly string[], input?: string): Promise<string> =>
  run([kubectlPath(), '--kubeconfig', kubeconfig, ...argv], input === undefined ? {} : { input });

async function openPods(): Promise<Pods> {
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...Object.entries(PODS).map(([name, nodeName]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        nodeName,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: 'localhost/app:1', imagePullPolicy: 'Never' }],
      },
    })),
  ];
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await kubectl(['wait', '-n', NAMESPACE, 'pod', '--all', '--for=condition=Ready', '--timeout=60s']);
  const [client, near, far] = await Promise.all([
    podNetns(NAMESPACE, 'client'),
    podNetns(NAMESPACE, 'near'),
    podNetns(NAMESPACE, 'far'),
  ]);
  return { client, near, far };
}

async function record(definition: Definition, pods: Pods, work: string): Promise<void> {
  const { name, check, args = [], finding, phenomenon, where, steps } = definition;
  const file = join(work, 'bundle.json');
  const argv = [binary, check, 'client', '-n', NAMESPACE, ...args, '--save', file, '-o', 'json'];
  const { stdout, stderr } = await withFault(where?.(pods) ?? pods.client, steps?.(pods) ?? [], () =>
    attempt(argv, { env: { ...process.env, KUBECONFIG: kubeconfig } }),
  );
  const [first] = JSON.parse(stdout || '{"checks":[{"findings":[]}]}').checks[0].findings.filter(
    (f: { severity: string }) => f.severity !== 'info',
  );
  if (first?.id !== finding) {
    throw new Error(`${name} shows ${first?.summary ?? 'nothing'}, not ${finding ?? 'nothing'}: ${stderr}`);
  }
  const bundle = JSON.parse(await readFile(file, 'utf8')) as Bundle;
  const recording: BundleRecording = {
    tool: 'kubectl-nettools --save',
    version: await versions(args),
    date: bundle.startedAt,
    phenomenon,
    bundle,
  };
  await writeFile(join(bundlesDir, `${name}.json`), `${JSON.stringify(recording, null, 2)}\n`);
  console.log(`recorded ${name}`);
}

/** Of the tools in the image that the run had. */
async function versions(args: readonly string[]): Promise<string> {
  const own = args.filter((_arg, i) => args[i] === '--image' || args[i - 1] === '--image');
  const say = own.includes(OTHER_TOOLS[1])
    ? 'ip -V; arping -h 2>&1 | head -n 1; ping -V | head -n 1; uname -sr'
    : own.length > 0
      ? 'busybox | head -n 1; uname -sr'
      : 'ip -V; arping -V | head -n 1; ping -V | head -n 1; uname -sr';
  const argv = [binary, 'run', 'client', '-n', NAMESPACE, ...own, '--', 'sh', '-c', say];
  return (await run(argv, { env: { ...process.env, KUBECONFIG: kubeconfig } })).trim().replaceAll('\n', '; ');
}

const cleanUp = () => kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found']);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
}
const work = await mkdtemp(join(tmpdir(), 'ntrec-'));
try {
  await mkdir(bundlesDir, { recursive: true });
  const wanted = process.argv.slice(2);
  const pods = await openPods();
  for (const definition of RECORDINGS) {
    if (wanted.length === 0 || wanted.includes(definition.name)) await record(definition, pods, work);
  }
  await run([join(repoDir, 'node_modules/.bin/biome'), 'format', '--write', bundlesDir]);
} finally {
  await rm(work, { recursive: true });
  await cleanUp();
}
