/**
 * Records what src/probes/service-rules.sh shows of kube-proxy's rules, in both of its modes: `node
 * test/recordings/record-kube-proxy.ts` on a machine where the test cluster is up. The nftables mode is the cluster's
 * own; for the iptables mode, another kube-proxy of the same version runs in a network namespace made for it.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentKubeconfig } from '../cluster/kubeconfigs.ts';
import { binDir, bridge, kubeconfig, kubectlPath, podCidr, repoDir } from '../cluster/paths.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { type Recording, recordingsDir } from './recordings.ts';

const NAMESPACE = 'ntrec-proxy';
const LINK = 'ntrecproxy';
/** Of the fabric, and no node's. */
const ADDRESS = '198.51.100.98';
const SCRIPT = 'src/probes/service-rules.sh';

const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  run([kubectlPath(), '--kubeconfig', kubeconfig, ...args], input === undefined ? {} : { input });

interface ServiceCase {
  readonly name: string;
  readonly phenomenon: string;
  readonly spec: object;
  /** What has to be in the recording. */
  readonly shows: RegExp;
}

/** The pods of both nodes. */
const BOTH = /198\.18\.1\.[\s\S]*198\.18\.2\.|198\.18\.2\.[\s\S]*198\.18\.1\./;
const port = { name: 'http', port: 80, targetPort: 8080 };
const CASES: readonly ServiceCase[] = [
  {
    name: 'several',
    phenomenon: 'a Service with two endpoints',
    spec: { selector: { app: 'web' }, ports: [port, { ...port, name: 'other', port: 81 }] },
    shows: BOTH,
  },
  {
    name: 'one',
    phenomenon: 'a Service with one endpoint, whose port has no name',
    spec: { selector: { app: 'web', one: 'yes' }, ports: [{ port: 80, targetPort: 8080 }] },
    shows: /8080/,
  },
  {
    name: 'sticky',
    phenomenon: 'a Service with two endpoints and session affinity',
    spec: { selector: { app: 'web' }, ports: [port], sessionAffinity: 'ClientIP' },
    shows: BOTH,
  },
  {
    name: 'local',
    phenomenon: 'a Service with a local internal traffic policy, two endpoints and one of them on the node',
    spec: { selector: { app: 'web' }, ports: [port], internalTrafficPolicy: 'Local' },
    shows: /8080/,
  },
  {
    name: 'udp',
    phenomenon: 'a Service with two endpoints by UDP',
    spec: { selector: { app: 'web' }, ports: [{ ...port, protocol: 'UDP' }] },
    shows: BOTH,
  },
  {
    name: 'empty',
    phenomenon: 'a Service without an endpoint',
    spec: { selector: { app: 'nobody' }, ports: [port] },
    shows: /reject/i,
  },
];

async function createObjects(): Promise<void> {
  const pods = ['node1', 'node2'].map((nodeName) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: nodeName, labels: { app: 'web', ...(nodeName === 'node1' ? { one: 'yes' } : {}) } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: 'app', image: 'localhost/app:1', imagePullPolicy: 'Never' }],
    },
  }));
  const services = CASES.map(({ name, spec }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec,
  }));
  await kubectl(['create', 'namespace', NAMESPACE]);
  const list = { apiVersion: 'v1', kind: 'List', items: [...pods, ...services] };
  await kubectl(['-n', NAMESPACE, 'apply', '-f', '-'], JSON.stringify(list));
  await kubectl(['-n', NAMESPACE, 'wait', '--for=condition=Ready', '--timeout=60s', 'pod', '--all']);
}

/** Records every case in a network namespace once kube-proxy has written its rules there. */
async function record(mode: 'nftables' | 'iptables', netns: string, version: string): Promise<void> {
  for (const { name, phenomenon, spec, shows } of CASES) {
    const service = JSON.parse(await kubectl(['-n', NAMESPACE, 'get', 'service', name, '-o', 'json'])) as {
      spec: { clusterIP: string };
    };
    const protocol = JSON.stringify(spec).includes('UDP') ? 'udp' : 'tcp';
    const words = [service.spec.clusterIP, protocol, '80', `${NAMESPACE}/${name}`];
    const argv = ['sh', join(repoDir, SCRIPT), ...words];
    let result = await attempt(['nsenter', `--net=/run/netns/${netns}`, ...argv]);
    await until(`rules of ${name} in ${mode} mode`, 30, async () => {
      result = await attempt(['nsenter', `--net=/run/netns/${netns}`, ...argv]);
      return shows.test(result.stdout) || result.stdout;
    });
    const recording: Recording = {
      tool: `kube-proxy (${mode})`,
      version,
      date: new Date().toISOString(),
      phenomenon,
      argv: ['sh', SCRIPT, ...words],
      code: result.code,
      stdout: result.stdout,
      stderr: result.stderr,
    };
    await writeFile(
      join(recordingsDir, `kube-proxy-${mode}-${name}.json`),
      `${JSON.stringify(recording, null, 2)}\n`,
    );
    console.log(`kube-proxy-${mode}-${name}: ${phenomenon}`);
  }
}

/** Runs `work` with a kube-proxy in iptables mode in a namespace of its own. */
async function withIptablesMode(work: () => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ntrec-proxy-'));
  const config = join(folder, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'iptables',
      clientConnection: { kubeconfig: componentKubeconfig('proxy') },
      hostnameOverride: 'node1',
      clusterCIDR: podCidr,
      detectLocalMode: 'ClusterCIDR',
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    }),
  );
  await run(['ip', 'netns', 'add', LINK]);
  try {
    await run(['ip', 'link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', LINK]);
    await run(['ip', 'link', 'set', LINK, 'master', bridge.name, 'up']);
    const within = ['ip', '-n', LINK];
    await run([...within, 'addr', 'add', `${ADDRESS}/${bridge.prefix}`, 'dev', 'eth0']);
    await run([...within, 'link', 'set', 'eth0', 'up']);
    await run([...within, 'link', 'set', 'lo', 'up']);
    await run([...within, 'route', 'add', 'default', 'via', bridge.address]);
    const proxy = spawn(
      'nsenter',
      [`--net=/run/netns/${LINK}`, join(binDir('kubernetes'), 'kube-proxy'), `--config=${config}`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    try {
      await work();
    } finally {
      proxy.kill('SIGKILL');
    }
  } finally {
    await attempt(['ip', 'netns', 'del', LINK]);
    await attempt(['ip', 'link', 'del', LINK]);
    await rm(folder, { recursive: true, force: true });
  }
}

const version = (await run([join(binDir('kubernetes'), 'kube-proxy'), '--version'])).trim();
try {
  await createObjects();
  await record('nftables', 'ntnode1', version);
  await withIptablesMode(() => record('iptables', LINK, version));
} finally {
  await attempt([
    kubectlPath(),
    '--kubeconfig',
    kubeconfig,
    'delete',
    'namespace',
    NAMESPACE,
    '--wait=false',
  ]);
}
