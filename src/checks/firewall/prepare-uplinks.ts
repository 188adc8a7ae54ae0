/** Whether the target may have several interfaces, and which of them is the cluster's. */
import type { Subject } from '../../cluster/subject.ts';
import { parseNetworkStatus } from '../../parsers/network-status.ts';
import type { Uplinks } from './other-ways.ts';

/** The first is of the network plumbing's standard, the other what it was called before. */
const ANNOTATIONS = ['k8s.v1.cni.cncf.io/network-status', 'k8s.v1.cni.cncf.io/networks-status'];

/** `undefined`: it has one, so that there is nothing to choose from. */
export function uplinksOf({ pod, docker, isHost }: Subject): Uplinks | undefined {
  if (isHost) return {};
  if (docker) return Object.keys(docker.container.NetworkSettings.Networks ?? {}).length > 1 ? {} : undefined;
  if (!pod) return {};
  const annotations = pod.metadata?.annotations ?? {};
  const text = ANNOTATIONS.map((name) => annotations[name]).find((one) => one !== undefined);
  const networks = parseNetworkStatus(text ?? '');
  if (networks.length < 2) return undefined;
  const own = networks.find(({ isDefault }) => isDefault)?.interface;
  return own === undefined ? {} : { cluster: own };
}
