/**
 * Makes the bundles that the rules of firewall, service and sockets are tested with: `node
 * test/recordings/record-firewall.ts [NAME…]` on a machine where the test cluster is up and dist/kubectl-nettools is
 * built. Each one is written only when the finding that it is named for is the first of its report. Its namespace is
 * removed afterwards, whatever happens.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../../src/model/bundle.ts';
import type { Finding } from '../../src/model/report.ts';
import { kubeconfig, repoDir } from '../cluster/paths.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { app, type Manifest, pod, TestNamespace } from '../e2e/support/cluster.ts';
import { type Pods as Ends, ROWS, rules, toServer } from '../faults/causes.ts';
import { type Netns, type PodNetns, podNetns, withFault } from '../faults/pod-netns.ts';
import { type BundleRecording, bundlesDir } from './recordings.ts';

const ns = new TestNamespace('nettools-rec-firewall', {});
const binary = join(repoDir, 'dist/kubectl-nettools');

/** The pods of the table's rows, and one of two endpoints of a Service. */
interface Pods extends Ends {
  readonly shop: PodNetns;
}

interface Definition {
  readonly name: string;
  readonly phenomenon: string;
  /** The check, then its arguments. */
  readonly words: (pods: Pods) => readonly string[];
  /** Must be the first one that is found; `undefined`: nothing above info. */
  readonly finding: string | undefined;
  readonly where?: (pods: Pods) => Netns;
  readonly steps?: (pods: Pods) => readonly { readonly make: string; readonly undo: string }[];
  readonly objects?: readonly Manifest[];
}

const firewall = (to: string, ...flags: string[]) => ['firewall', 'client', '--to', to, ...flags];

const DENY: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-ingress' },
  spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] },
};

const DEFINITIONS: readonly Definition[] = [
  ...ROWS.flatMap(({ name, cause, to, expected, where, steps, restricted }): Definition[] => {
    const fault = { phenomenon: cause, ...(where ? { where } : {}), ...(steps ? { steps } : {}) };
    const id = (restricted || { expected }).expected.id;
    return [
      { ...fault, name: `firewall-${name}`, words: (pods) => firewall(to(pods)), finding: expected.id },
      ...(restricted
        ? [
            {
              ...fault,
              name: `firewall-${name}-restricted`,
              words: (pods: Pods) => firewall(to(pods), '--profile', 'restricted'),
              finding: id,
            },
          ]
        : []),
    ];
  }),
  {
    name: 'firewall-healthy',
    phenomenon: 'nothing is wrong',
    words: (pods) => firewall(toServer(pods)),
    finding: undefined,
  },
  {
    name: 'firewall-busybox',
    phenomenon: 'an image without bash',
    words: (pods) => firewall(toServer(pods), '--image', 'localhost/app:1'),
    finding: undefined,
  },
  {
    name: 'firewall-iptables',
    phenomenon: 'rules of both kinds of iptables, of which the legacy one takes the answers',
    words: (pods) => firewall(toServer(pods)),
    finding: 'NT-FW-005',
    steps: () => [
      {
        make: 'iptables-legacy -A INPUT -p tcp --sport 8080 -j DROP',
        undo: 'iptables-legacy -D INPUT -p tcp --sport 8080 -j DROP',
      },
      {
        make: 'iptables-nft -A OUTPUT -d 192.0.2.0/24 -p udp --dport 9:99 -j REJECT',
        undo: 'iptables-nft -D OUTPUT -d 192.0.2.0/24 -p udp --dport 9:99 -j REJECT',
      },
    ],
  },
  {
    name: 'firewall-policy-denied',
    phenomenon: 'a policy denies it, and it is dropped',
    words: () => firewall('pod/server'),
    finding: 'NT-FW-006',
    where: ({ client }) => client.node,
    steps: ({ client }) => rules('forward', `ip saddr ${client.address} tcp dport 8080 drop`),
    objects: [DENY],
  },
  {
    name: 'firewall-policy-unenforced',
    phenomenon: 'a policy denies it, and nobody enforces that',
    words: () => firewall('pod/server'),
    finding: 'NT-FW-010',
    objects: [DENY],
  },
  {
    name: 'service-healthy',
    phenomenon: 'nothing is wrong; the target is an endpoint itself',
    words: () => ['service', 'shop-a', '--to', 'svc/shop'],
    finding: undefined,
  },
  {
    name: 'service-one-silent',
    phenomenon: '1 of 2 endpoints is silent',
    words: () => ['service', 'client', '--to', 'svc/shop'],
    finding: 'NT-SVC-007',
    where: ({ shop }) => shop,
    steps: () => rules('input', 'tcp dport 8080 drop'),
  },
  {
    name: 'service-wrong-port',
    phenomenon: 'a target port on which nobody listens',
    words: () => ['service', 'client', '--to', 'svc/wrong-port'],
    finding: 'NT-SVC-002',
  },
  {
    name: 'service-no-endpoint',
    phenomenon: 'a selector that matches no pod',
    words: () => ['service', 'client', '--to', 'svc/typo'],
    finding: 'NT-SVC-001',
  },
  {
    name: 'sockets-healthy',
    phenomenon: 'nothing is wrong',
    words: () => ['sockets', 'server'],
    finding: undefined,
  },
  {
    name: 'sockets-loopback',
    phenomenon: 'a server that listens on loopback only',
    words: () => ['sockets', 'shy'],
    finding: 'NT-SOCK-002',
  },
];

const svc = (name: string, selector: string, targetPort: number): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: selector }, ports: [{ name: 'http', port: 80, targetPort }] },
});

async function open(): Promise<Pods> {
  await ns.create();
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
    pod('shop-a', { labels: { app: 'shop' }, spec: { nodeName: 'node1' } }),
    pod('shop-b', { labels: { app: 'shop' }, spec: { nodeName: 'node2' } }),
    pod('shy', {
      containers: [{ ...app, command: ['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/tmp'] }],
    }),
  );
  await ns.apply(
    svc('shop', 'shop', 8080),
    svc('wrong-port', 'shop', 9090),
    svc('typo', 'shpo', 8080),
    svc('shy', 'shy', 8080),
    svc('server', 'server', 8080),
  );
  await until('endpoints', 30, async () => {
    const all = await ns.kubectl([
      ...['get', 'endpointslices', '-o'],
      'jsonpath={.items[*].endpoints[*].addresses[0]}',
    ]);
    return all.split(' ').length >= 6 || all;
  });
  const names = ['client', 'server', 'shop-b'] as const;
  const [client, server, shop] = await Promise.all(names.map((name) => podNetns(ns.name, name)));
  if (!client || !server || !shop) throw new Error('a pod is missing');
  return { client, server, shop };
}

async function record(definition: Definition, pods: Pods, work: string): Promise<void> {
  const { name, phenomenon, words, finding, where, steps, objects = [] } = definition;
  const file = join(work, 'bundle.json');
  const argv = [binary, ...words(pods), '-n', ns.name, '--save', file, '-o', 'json'];
  if (objects.length > 0) await ns.apply(...objects);
  const { stdout, stderr } = await withFault(where?.(pods) ?? pods.client, steps?.(pods) ?? [], () =>
    attempt(argv, { env: { ...process.env, KUBECONFIG: kubeconfig } }),
  ).finally(async () => {
    if (objects.length > 0) await ns.kubectl(['delete', 'networkpolicy', '--all']);
  });
  const report = JSON.parse(stdout || '{"checks":[]}') as { checks: { findings: Finding[] }[] };
  const [first] = report.checks.flatMap((c) => c.findings.filter((f) => f.severity !== 'info'));
  if (first?.id !== finding) {
    throw new Error(`${name} shows ${first?.summary ?? 'nothing'}, not ${finding ?? 'nothing'}: ${stderr}`);
  }
  const bundle = JSON.parse(await readFile(file, 'utf8')) as Bundle;
  const recording: BundleRecording = {
    tool: 'kubectl-nettools --save',
    version: await versions(words(pods)),
    date: bundle.startedAt,
    phenomenon,
    bundle,
  };
  await writeFile(join(bundlesDir, `${name}.json`), `${JSON.stringify(recording, null, 2)}\n`);
  console.log(`recorded ${name}`);
}

/** Of the tools in the image that the run had. */
async function versions(words: readonly string[]): Promise<string> {
  const own = words.filter((_word, i) => words[i] === '--image' || words[i - 1] === '--image');
  const say =
    own.length > 0
      ? 'busybox | head -n 1; uname -sr'
      : 'bash --version | head -n 1; ss -V; nft --version; iptables --version; tcpdump --version 2>&1 | head -n 1; uname -sr';
  const argv = [binary, 'run', 'client', '-n', ns.name, ...own, '--', 'sh', '-c', say];
  return (await run(argv, { env: { ...process.env, KUBECONFIG: kubeconfig } })).trim().replaceAll('\n', '; ');
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void ns.remove().finally(() => process.exit(1)));
}
const work = await mkdtemp(join(tmpdir(), 'ntrec-'));
try {
  await mkdir(bundlesDir, { recursive: true });
  const wanted = process.argv.slice(2);
  const pods = await open();
  for (const definition of DEFINITIONS) {
    if (wanted.length === 0 || wanted.includes(definition.name)) await record(definition, pods, work);
  }
  const files = DEFINITIONS.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map(
    ({ name }) => join(bundlesDir, `${name}.json`),
  );
  await run([join(repoDir, 'node_modules/.bin/biome'), 'format', '--write', ...files]);
} finally {
  await rm(work, { recursive: true });
  await ns.remove();
}
