/** Whether a node, by what the API says of it, can run a node session's pod. Pure. */
import type { Node } from '../model/kube-objects.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { defaultImage } from '../model/version.ts';

/** What the tool's own image is built for. */
const ARCHITECTURES = ['amd64', 'arm64'];

/** Why it cannot, as a sentence; `undefined` when nothing speaks against it. Taints and cordons do not. */
export function nodeProblem(node: Node, image: string): string | undefined {
  const name = `node "${node.metadata?.name}"`;
  const { nodeInfo, conditions = [] } = node.status ?? {};
  const labels = node.metadata?.labels ?? {};
  const os = nodeInfo?.operatingSystem ?? labels['kubernetes.io/os'];
  if (os !== undefined && os !== '' && os !== 'linux') {
    return `${name} runs ${os === 'windows' ? 'Windows' : os}; only Linux nodes are supported.`;
  }
  const architecture = nodeInfo?.architecture ?? labels['kubernetes.io/arch'];
  if (image === defaultImage && architecture !== undefined && !ARCHITECTURES.includes(architecture)) {
    return `${name} has the architecture ${architecture}, but the image ${image} is for ${ARCHITECTURES.join(' and ')}; --image names another.`;
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready !== undefined && ready.status !== 'True') {
    const why = withoutFullStop([ready.reason, ready.message].filter(Boolean).join(': '));
    return `${name} is not ready${why === '' ? '' : ` (${why})`}: its kubelet would not start a pod.`;
  }
  return undefined;
}

/**
 * What a node is short of, by its kubelet's own measure; empty when of nothing, or where it is not known. How much
 * memory it has left the API does not tell.
 */
export function nodePressure(node: Node | undefined): string[] {
  const conditions = node?.status?.conditions ?? [];
  return [
    ['MemoryPressure', 'memory'],
    ['PIDPressure', 'process ids'],
  ].flatMap(([type, what = '']) =>
    conditions.some((one) => one.type === type && one.status === 'True') ? [what] : [],
  );
}

/** The address by which the cluster's parts reach the node; empty where the API names none. */
export function nodeAddress(node: Node): string {
  const addresses = node.status?.addresses ?? [];
  return (
    addresses.find(({ type }) => type === 'InternalIP')?.address ??
    addresses.find(({ type }) => type === 'ExternalIP')?.address ??
    ''
  );
}
