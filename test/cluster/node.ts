/** containerd, kubelet and kube-proxy of a node: configuration and start. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { containerdConfig, registryHosts } from './containerd-config.ts';
import { ensureDaemon } from './daemons.ts';
import { writeFile } from './files.ts';
import { componentKubeconfig } from './kubeconfigs.ts';
import {
  binDir,
  type ClusterNode,
  clusterDomain,
  dnsServiceAddress,
  podCidr,
  testRegistry,
} from './paths.ts';
import { certificate, privateKey } from './pki.ts';

/** Conflist of the bridge plugin; version 0.4.0 because Debian 12 ships the plugins 1.1.1. */
function cniConfig(node: ClusterNode): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: 'ntpods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          // The rest is nobody's: faults need addresses on the link that no pod can have.
          ranges: [[{ subnet: node.podCidr, rangeEnd: node.podCidr.replace(/\d+\/24$/, '239') }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: join(node.dataDir, 'cni-addresses'),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
}

/** Starts the node's containerd. */
export function ensureContainerd(node: ClusterNode): void {
  const config = join(node.dataDir, 'containerd.toml');
  const cniDir = join(node.dataDir, 'cni');
  const registryDir = join(node.dataDir, 'registries');
  writeFile(join(cniDir, '10-pods.conflist'), cniConfig(node));
  writeFile(join(registryDir, testRegistry, 'hosts.toml'), registryHosts(testRegistry));
  writeFile(config, containerdConfig(node, { cniDir, registryDir }));
  const bin = binDir('containerd');
  ensureDaemon({
    name: `${node.name}-containerd`,
    cgroup: node.cgroup,
    netns: node.netns,
    // The shim is looked up on PATH.
    env: { PATH: `${bin}:${process.env.PATH}` },
    argv: [join(bin, 'containerd'), '--config', config],
  });
}

function kubeletConfig(node: ClusterNode): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: node.address,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificate('ca') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificate(`${node.name}-serving`),
    tlsPrivateKeyFile: privateKey(`${node.name}-serving`),
    containerRuntimeEndpoint: `unix://${node.containerdSocket}`,
    clusterDNS: [dnsServiceAddress],
    clusterDomain,
    resolvConf: join(node.dataDir, 'resolv.conf'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${node.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    // Negative scores need CAP_SYS_RESOURCE, which a container or sandbox may lack.
    oomScoreAdj: 0,
    serializeImagePulls: false,
    // Test images are loaded once and must stay, however full the machine's disk is.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'nodefs.inodesFree': '1%',
      'imagefs.available': '1%',
      'imagefs.inodesFree': '1%',
    },
    staticPodPath: staticPodDir(node),
    podLogsDir: join(node.dataDir, 'pod-logs'),
    volumePluginDir: join(node.dataDir, 'volume-plugins'),
  };
}

/** Where the kubelet takes pods from by itself, without the API. */
export function staticPodDir(node: ClusterNode): string {
  return join(node.dataDir, 'static-pods');
}

/** Starts the node's kubelet; containerd must answer, and the API server be ready. */
export function ensureKubelet(node: ClusterNode): void {
  const config = join(node.dataDir, 'kubelet.json');
  // Pods with dnsPolicy Default get this file: the machine's own resolver is not for them.
  writeFile(join(node.dataDir, 'resolv.conf'), 'options ndots:1\n', 0o644);
  writeFile(config, JSON.stringify(kubeletConfig(node), null, 2));
  mkdirSync(staticPodDir(node), { recursive: true });
  ensureDaemon({
    name: `${node.name}-kubelet`,
    cgroup: node.cgroup,
    netns: node.netns,
    argv: [
      join(binDir('kubernetes'), 'kubelet'),
      `--config=${config}`,
      `--kubeconfig=${componentKubeconfig(node.name)}`,
      `--root-dir=${join(node.dataDir, 'kubelet')}`,
      `--cert-dir=${join(node.dataDir, 'kubelet-certificates')}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.address}`,
    ],
  });
}

/** Starts the node's kube-proxy. */
export function ensureKubeProxy(node: ClusterNode): void {
  const config = join(node.dataDir, 'kube-proxy.json');
  writeFile(
    config,
    JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'nftables',
      clientConnection: { kubeconfig: componentKubeconfig('proxy') },
      hostnameOverride: node.name,
      clusterCIDR: podCidr,
      detectLocalMode: 'ClusterCIDR',
      // These sysctls belong to the machine's first namespace and can't be written from a node's.
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    }),
  );
  ensureDaemon({
    name: `${node.name}-kube-proxy`,
    cgroup: node.cgroup,
    netns: node.netns,
    argv: [join(binDir('kubernetes'), 'kube-proxy'), `--config=${config}`],
  });
}
