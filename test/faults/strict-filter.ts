/** A node whose reverse path filter drops what one of its pods sends. */
import { type PodNetns, withFault } from './pod-netns.ts';

const SYSCTL = {
  make: 'sysctl -qw net.ipv4.conf.cni0.rp_filter=1',
  undo: 'sysctl -qw net.ipv4.conf.cni0.rp_filter=0',
};

/**
 * Runs something while the node leads answers to the pod another way than its packets come.
 * @param filter what is strict about it there: the kernel's own filter, or a rule
 */
export async function withStrictFilter<T>(
  pod: PodNetns,
  work: () => Promise<T>,
  filter: { readonly make: string; readonly undo: string } = SYSCTL,
): Promise<T> {
  const { node, gateway, address } = pod;
  const steps = [
    { make: 'ip link add ntrp0 type veth peer name ntrp1', undo: 'ip link del ntrp0' },
    { make: 'ip link set ntrp0 up', undo: '' },
    { make: 'ip link set ntrp1 up', undo: '' },
    { make: `ip route add ${address}/32 dev ntrp0`, undo: '' },
    filter,
  ];
  // The filter drops the pod's ARP requests, too.
  const mac = /link\/ether (\S+)/.exec(await node.run('ip', 'link', 'show', 'dev', 'cni0'))?.[1];
  const known = [
    {
      make: `ip neigh replace ${gateway} lladdr ${mac} dev eth0 nud permanent`,
      undo: `ip neigh replace ${gateway} lladdr ${mac} dev eth0 nud stale`,
    },
  ];
  return withFault(pod, known, () => withFault(node, steps, work));
}
