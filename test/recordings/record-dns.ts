/**
 * Makes the recordings of src/probes/dns.sh: `node test/recordings/record-dns.ts [NAME…]` on a machine where the test
 * cluster is up. Each one is written only when what it is named for is really in it. Its namespace is removed
 * afterwards, whatever happens.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfig, kubectlPath, repoDir } from '../cluster/paths.ts';
import { attempt, type RunResult, run } from '../cluster/proc.ts';
import { helper, type Manifest, pod, TestNamespace } from '../e2e/support/cluster.ts';
import {
  corefile,
  crowd,
  DEAD,
  failingServer,
  raceOf,
  rules,
  type Step,
  slowServer,
} from '../faults/dns-faults.ts';
import { type Netns, type PodNetns, podNetns, withFault } from '../faults/pod-netns.ts';
import { type Recording, recordingsDir } from './recordings.ts';

const PROBE = 'src/probes/dns.sh';
const script = await readFile(join(repoDir, PROBE), 'utf8');
const ns = new TestNamespace('nettools-rec-dns', {});

interface Definition {
  readonly name: string;
  readonly phenomenon: string;
  /** The pod that asks. */
  readonly pod?: string;
  readonly names?: readonly string[];
  readonly fault?: (
    client: PodNetns,
    replica: PodNetns,
  ) => { readonly where: Netns; readonly steps: readonly Step[] };
  readonly shows: RegExp;
}

const dropped = (match: string) => (client: PodNetns) => ({
  where: client.node,
  steps: rules('prerouting', `ip saddr ${client.address} ${match} drop`),
});

const DEFINITIONS: readonly Definition[] = [
  { name: 'healthy', phenomenon: 'everything answers', shows: /^resolver \w+ kubernetes\S+ \d{1,2} 0$/m },
  {
    name: 'names',
    phenomenon: 'a name that is found at once, one after three search domains, and one that does not exist',
    names: ['crowd', 'web.default.svc.cluster.local', 'nosuch.example.com'],
    shows: /status: NXDOMAIN/,
  },
  {
    name: 'silent',
    phenomenon: 'UDP 53 is dropped on the way, TCP 53 is not',
    fault: dropped('udp dport 53'),
    shows: /^query server \S+ 53 udp .*\n\|;; communications error to \S+: timed out/m,
  },
  {
    name: 'cut-off',
    phenomenon: 'port 53 is dropped on the way',
    fault: dropped('th dport 53'),
    shows: /^query server \S+ 53 tcp .*\n\|;; Connection to \S+ for \S+ failed: timed out/m,
  },
  {
    name: 'output-drop',
    phenomenon: "the pod's own OUTPUT drops UDP 53",
    fault: (client) => ({ where: client, steps: rules('output', 'udp dport 53 drop') }),
    shows: /^send \S+ 1\n\|.*Operation not permitted$/m,
  },
  {
    name: 'refused',
    phenomenon: 'a router rejects UDP 53',
    fault: (client) => ({
      where: client.node,
      steps: rules('forward', `ip saddr ${client.address} udp dport 53 reject`),
    }),
    shows: /^icmp\n(\|.*\n)*\|.* IP 198\.18\.1\.1 > \S+: ICMP \S+ udp port 53 unreachable/m,
  },
  {
    name: 'truncated',
    phenomenon: 'an answer of more than 512 bytes, while TCP 53 is dropped',
    names: ['crowd'],
    fault: dropped('tcp dport 53'),
    shows: /^\|;; flags: qr aa tc/m,
  },
  {
    name: 'race',
    phenomenon: 'the second of two queries from one port is lost: getaddrinfo takes 5 s',
    fault: (client) => ({ where: client.node, steps: raceOf(client.address) }),
    shows: /^resolver \w+ kubernetes\S+ 5\d\d 0$/m,
  },
  {
    name: 'replica-dead',
    phenomenon: 'one of two servers behind the Service drops what is asked',
    fault: (client, replica) => ({
      where: replica,
      steps: rules('input', `ip saddr ${client.address} udp dport 53 drop`),
    }),
    shows: /^query endpoint \S+ 53 udp .*\n\|;; communications error to \S+: timed out/m,
  },
  {
    name: 'servfail',
    phenomenon: 'a zone is answered with SERVFAIL, the cluster is not',
    pod: 'of-failing',
    names: ['api.fail.test.'],
    shows: /status: SERVFAIL/,
  },
  {
    name: 'second-dead',
    phenomenon: 'the second server of resolv.conf is dead',
    pod: 'second-dead',
    shows: new RegExp(`^\\|;; communications error to ${DEAD}#53: (timed out|host unreachable)`, 'm'),
  },
  {
    name: 'slow',
    phenomenon: 'the only server takes 4.5 s for an answer',
    pod: 'of-slow',
    shows: /^\|;; Query time: 45\d{5} usec/m,
  },
];

function clientPod(name: string, dns: object = {}): Manifest {
  return pod(name, { containers: [helper], spec: { nodeName: 'node1', ...dns } });
}

function withServers(name: string, policy: string, nameservers: readonly string[]): Manifest {
  const searches = policy === 'None' ? { searches: ['svc.cluster.local', 'cluster.local'] } : {};
  return clientPod(name, { dnsPolicy: policy, dnsConfig: { nameservers, ...searches } });
}

function inHelper(name: string, argv: readonly string[]): Promise<RunResult> {
  const at = ['-n', ns.name, name, '-c', 'helper', '--'];
  return attempt([kubectlPath(), '--kubeconfig', kubeconfig, 'exec', ...at, ...argv]);
}

/** As the API names them: they are given to the probe as the plan of the check does. */
async function endpoints(): Promise<string> {
  const jsonpath = '{range .items[*]}{.status.podIP}/53/53 {end}';
  const get = ['-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', `jsonpath=${jsonpath}`];
  return (await run([kubectlPath(), '--kubeconfig', kubeconfig, ...get])).trim();
}

async function save(name: string, recording: Omit<Recording, 'date'>): Promise<void> {
  const text = JSON.stringify({ ...recording, date: new Date().toISOString() }, null, 2);
  await writeFile(join(recordingsDir, `${name}.json`), `${text}\n`);
  console.log(`recorded ${name}`);
}

async function record(
  definition: Definition,
  client: PodNetns,
  replica: PodNetns,
  behind: string,
  version: string,
): Promise<void> {
  const { name, phenomenon, pod: podName = 'client', names = [], fault, shows } = definition;
  const ask = (): Promise<RunResult> => inHelper(podName, ['sh', '-c', script, 'dns', behind, ...names]);
  const made = fault?.(client, replica);
  const { code, stdout, stderr } = made ? await withFault(made.where, made.steps, ask) : await ask();
  assert.match(stdout, shows, `${name} does not show it:\n${stdout}${stderr}`);
  const argv = ['sh', PROBE, behind, ...names];
  await save(`dns-${name}`, { tool: 'dig (BIND)', version, argv, phenomenon, code, stdout, stderr });
  const conf = await inHelper(podName, ['cat', '/etc/resolv.conf']);
  if (name === 'healthy') {
    const from = { tool: 'cat', version: 'Kubernetes 1.37', argv: ['cat', '/etc/resolv.conf'] };
    await save('resolv-conf', { ...from, phenomenon: 'as the kubelet writes it', ...conf });
  }
}

await ns.remove();
await run([kubectlPath(), '--kubeconfig', kubeconfig, 'wait', '--for=delete', `namespace/${ns.name}`]);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void ns.remove().finally(() => process.exit(1)));
}
try {
  const wanted = process.argv.slice(2);
  await ns.create();
  await ns.apply(corefile, ...crowd);
  await ns.start(clientPod('client'), failingServer, slowServer);
  const [failing, slow] = await Promise.all(
    ['failing', 'slow'].map(async (name) => (await ns.pod(name)).status.podIP),
  );
  await ns.start(
    withServers('of-failing', 'None', [failing ?? '']),
    withServers('of-slow', 'None', [slow ?? '']),
    withServers('second-dead', 'ClusterFirst', [DEAD]),
  );
  const client = await podNetns(ns.name, 'client');
  const list = [
    '-n',
    'kube-system',
    'get',
    'pods',
    '-l',
    'k8s-app=kube-dns',
    '-o',
    'jsonpath={.items[0].metadata.name}',
  ];
  const replica = await podNetns(
    'kube-system',
    await run([kubectlPath(), '--kubeconfig', kubeconfig, ...list]),
  );
  const behind = await endpoints();
  const { stdout, stderr } = await inHelper('client', ['dig', '-v']);
  for (const definition of DEFINITIONS) {
    if (wanted.length === 0 || wanted.includes(definition.name))
      await record(definition, client, replica, behind, `${stdout}${stderr}`.trim());
  }
  await run([join(repoDir, 'node_modules/.bin/biome'), 'format', '--write', recordingsDir]);
} finally {
  await ns.remove();
}
