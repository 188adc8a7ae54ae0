/** Brings the cluster to its one good state from whatever is there. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { apiGet } from './api.ts';
import { ensureBinaries } from './build.ts';
import { makeCgroups } from './cgroups.ts';
import { ensureApiServer, ensureControllers, ensureEtcd } from './controlplane.ts';
import { daemonRecords, forgetEndedDaemons, isAlive } from './daemons.ts';
import { remains, takeDown } from './down.ts';
import { digest, writeFile } from './files.ts';
import { assertDaemonsLive, deadDaemons, failingPaths, missingObjects } from './health.ts';
import { type BuiltImage, ensureImages } from './images.ts';
import { writeAdminKubeconfig } from './kubeconfigs.ts';
import { containerdReady, loadImages } from './load.ts';
import { say, sayDone, step } from './log.ts';
import { ensureNetwork, hasNamespace, livesIn } from './network.ts';
import { ensureContainerd, ensureKubelet, ensureKubeProxy } from './node.ts';
import { ensurePackages } from './packages.ts';
import {
  binDir,
  type ClusterNode,
  clusterDir,
  goModules,
  kubeconfig,
  kubectlPath,
  logDir,
  nodes,
  runDir,
  stateDir,
} from './paths.ts';
import { ensurePki } from './pki.ts';
import { attempt, run, until } from './proc.ts';
import { noteSysctls } from './sysctls.ts';

const recordFile = join(runDir, 'cluster');

/** What a running cluster must match to be kept: this boot, these binaries, this configuration. */
function fingerprint(): string {
  const sources = ['paths', 'network', 'cgroups', 'pki', 'controlplane', 'node', 'containerd-config'];
  return digest(
    readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
    ...goModules.map(binDir),
    ...sources.map((name) => readFileSync(join(clusterDir, `${name}.ts`), 'utf8')),
  );
}

/** True when what runs belongs to this version and only some daemons may be missing. */
function isRepairable(): boolean {
  const recorded = existsSync(recordFile) ? readFileSync(recordFile, 'utf8') : '';
  if (recorded !== fingerprint() || !nodes.every(hasNamespace)) return false;
  const living = daemonRecords().filter(isAlive);
  return nodes.every((node) =>
    living.filter((record) => record.name.startsWith(`${node.name}-`)).every((one) => livesIn(one.pid, node)),
  );
}

async function removeOldCluster(): Promise<void> {
  const left = await takeDown();
  if (left.length > 0) say(`could not be removed:\n  ${left.join('\n  ')}`);
}

async function apiServerReady(): Promise<void> {
  await until('API server', 60, async () => {
    assertDaemonsLive();
    try {
      await apiGet('/readyz');
      return true;
    } catch (error) {
      return String(error);
    }
  });
}

async function startContainerd(node: ClusterNode, images: readonly BuiltImage[]): Promise<void> {
  ensureContainerd(node);
  await containerdReady(node);
  const loaded = await loadImages(node, images);
  if (loaded.length > 0) say(`${node.name}: loaded ${loaded.join(', ')}`);
}

async function applyManifests(): Promise<void> {
  const kubectl = [kubectlPath(), '--kubeconfig', kubeconfig];
  // --force: a changed pod spec means a new pod.
  await run([...kubectl, 'apply', '--force', '-f', join(clusterDir, 'manifests')]);
}

/** A node's pod range is fixed by its CNI configuration; others read it from the Node object. */
async function notePodRange(node: ClusterNode): Promise<void> {
  const patch = JSON.stringify({ spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] } });
  const kubectl = [kubectlPath(), '--kubeconfig', kubeconfig];
  await until(`Node ${node.name}`, 60, async () => {
    assertDaemonsLive();
    const result = await attempt([...kubectl, 'patch', 'node', node.name, '-p', patch]);
    return result.code === 0 || result.stderr.trim();
  });
}

async function workloadsReady(): Promise<void> {
  await until('workloads', 90, async () => {
    assertDaemonsLive();
    const missing = await missingObjects();
    return missing.length === 0 || `not ready: ${missing.join(', ')}`;
  });
  await until('DNS and Services', 60, async () => {
    const failing = await failingPaths();
    return failing.length === 0 || failing.join('; ');
  });
}

/** Starts whatever does not run and waits until all works; harmless on a cluster that is whole. */
async function converge(images: readonly BuiltImage[]): Promise<void> {
  writeFile(recordFile, fingerprint());
  forgetEndedDaemons();
  noteSysctls();
  makeCgroups();
  await Promise.all([ensurePki(), ensureNetwork()]);
  writeAdminKubeconfig();
  ensureEtcd();
  ensureApiServer();
  const containers = Promise.all(nodes.map((node) => startContainerd(node, images)));
  const api = step('API server ready', apiServerReady);
  await Promise.all([api, containers.catch(() => undefined)]);
  ensureControllers();
  for (const node of nodes) ensureKubeProxy(node);
  await containers;
  for (const node of nodes) ensureKubelet(node);
  await step('manifests applied', applyManifests);
  await Promise.all(nodes.map(notePodRange));
  await step('nodes and workloads ready, DNS and Services answer', workloadsReady);
}

/** The logs lie outside the work tree, with the rest of the running cluster's data. */
function linkLogs(): void {
  mkdirSync(stateDir, { recursive: true });
  const link = join(stateDir, 'logs');
  rmSync(link, { force: true });
  symlinkSync(logDir, link);
}

/** Builds what is missing, then starts, repairs or keeps the cluster. Returns the kubeconfig's path. */
export async function bringUp(): Promise<string> {
  await ensurePackages();
  await ensureBinaries();
  const images = await ensureImages();
  const repairable = isRepairable();
  if (!repairable && (await remains()).length > 0) await removeOldCluster();
  if (repairable) {
    const dead = deadDaemons();
    if (dead.length > 0) say(`restarting ${dead.join(', ')}`);
  }
  linkLogs();
  try {
    await converge(images);
  } catch (error) {
    if (!repairable) throw error;
    say(`the running cluster could not be repaired, starting a new one: ${String(error)}`);
    await removeOldCluster();
    await converge(images);
  }
  sayDone('up');
  return kubeconfig;
}
