/** Text of containerd's configuration files. */
import { join } from 'node:path';
import type { ClusterNode } from './paths.ts';

/** hosts.toml for a registry that speaks plain http. */
export function registryHosts(registry: string): string {
  return `server = "http://${registry}"

[host."http://${registry}"]
  capabilities = ["pull", "resolve"]
`;
}

/** config.toml of a node's containerd: everything that is shared by default lies in the node's folders. */
export function containerdConfig(
  node: ClusterNode,
  folders: { readonly cniDir: string; readonly registryDir: string },
): string {
  const data = join(node.dataDir, 'containerd');
  const state = join(node.runDir, 'containerd');
  return `version = 4
root = '${data}'
state = '${state}'
imports = []
disabled_plugins = [
  'io.containerd.nri.v1.nri',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.snapshotter.v1.zfs',
]

[plugins.'io.containerd.server.v1.grpc']
  address = '${node.containerdSocket}'

[plugins.'io.containerd.server.v1.ttrpc']
  address = '${node.containerdSocket}.ttrpc'

[plugins.'io.containerd.internal.v1.opt']
  path = '${join(node.dataDir, 'containerd-opt')}'

[plugins.'io.containerd.shim.v1.manager']
  socket_dir = '${join(node.runDir, 'shims')}'

# The database holds nothing that a test cluster must keep through a power cut.
[plugins.'io.containerd.metadata.v1.bolt']
  no_sync = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'localhost/pause:1'

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '${folders.registryDir}'

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE a sandbox can't lower its OOM score and would die at its start.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/usr/lib/cni']
  conf_dir = '${folders.cniDir}'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  Root = '${join(node.runDir, 'runc')}'
  SystemdCgroup = false
`;
}
