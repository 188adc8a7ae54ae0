/** A node's kube-proxy in its iptables mode, for a while: the cluster's own is nftables. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { daemonRecords, forgetEndedDaemons, isAlive } from './daemons.ts';
import { writeFile } from './files.ts';
import { componentKubeconfig } from './kubeconfigs.ts';
import { ensureKubeProxy } from './node.ts';
import { binDir, type ClusterNode, podCidr } from './paths.ts';
import { attempt, run, until } from './proc.ts';

const kubeProxy = (): string => join(binDir('kubernetes'), 'kube-proxy');

/** A command of this machine in the node's network. */
const on = (node: ClusterNode, ...argv: readonly string[]): readonly string[] => [
  'nsenter',
  `--net=/run/netns/${node.netns}`,
  ...argv,
];

function configuration(node: ClusterNode): string {
  const file = join(node.dataDir, 'kube-proxy-iptables.json');
  writeFile(
    file,
    JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'iptables',
      clientConnection: { kubeconfig: componentKubeconfig('proxy') },
      hostnameOverride: node.name,
      clusterCIDR: podCidr,
      detectLocalMode: 'ClusterCIDR',
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    }),
  );
  return file;
}

async function endOfDaemon(node: ClusterNode): Promise<void> {
  const own = daemonRecords().find(({ name }) => name === `${node.name}-kube-proxy`);
  if (own === undefined) return;
  if (isAlive(own)) process.kill(own.pid, 'SIGTERM');
  await until(`the end of ${own.name}`, 30, () => Promise.resolve(!isAlive(own) || 'it lives'));
  forgetEndedDaemons();
}

/** Neither mode takes away all that the other wrote. */
async function clean(node: ClusterNode): Promise<void> {
  await run(on(node, kubeProxy(), '--cleanup', `--config=${configuration(node)}`));
}

const hasRules = async (node: ClusterNode, list: readonly string[], mark: string): Promise<true | string> =>
  (await attempt(on(node, ...list))).stdout.includes(mark) || 'no rules yet';

/**
 * Lets the node's kube-proxy write its rules in iptables mode until the returned function is called. It ends with this
 * process, however that ends: `cluster up` then starts the cluster's own.
 */
export async function iptablesMode(node: ClusterNode): Promise<() => Promise<void>> {
  await endOfDaemon(node);
  await clean(node);
  const [command = '', ...words] = on(node, kubeProxy(), `--config=${configuration(node)}`);
  const proxy = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...words], { stdio: 'ignore' });
  const back = async (): Promise<void> => {
    await endOf(proxy);
    await clean(node);
    ensureKubeProxy(node);
    await until(`${node.name} in nftables mode`, 60, () =>
      hasRules(node, ['nft', 'list', 'table', 'ip', 'kube-proxy'], 'default/kubernetes'),
    );
  };
  try {
    await until(`${node.name} in iptables mode`, 60, () =>
      hasRules(node, ['iptables-save', '-t', 'nat'], 'default/kubernetes'),
    );
  } catch (error) {
    await back();
    throw error;
  }
  return back;
}

function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });
}
