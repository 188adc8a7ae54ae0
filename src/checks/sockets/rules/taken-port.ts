import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { isLoopback, type Listener } from '../../../parsers/listeners.ts';
import type { NodePortPlaces } from '../../../parsers/node-port-places.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts, TakenPort } from '../facts.ts';

const meta = {
  id: 'NT-SVC-024',
  title: 'A program of the node listens on a port that leads to pods',
  severities: ['warning'],
  meaning:
    "A program listens on the node, on a port that a Service has as its NodePort or a pod as its hostPort. Rules on the node lead what is sent to that port to the pods, before it gets to the program: its clients, the kubelet's own among them, meet the pods. A NodePort out of the range of ports that the kernel gives to programs (net.ipv4.ip_local_port_range) may be taken so by chance, after a restart for example.",
  rule: 'On a node, a program listens on an address that is not loopback, and its port and protocol are those of a NodePort of any Service, or of a hostPort of a pod of the node. Not kube-proxy, a network plugin that takes its place or a runtime, which held such ports open; where ss names no program, it is not taken for one of these if another such port is not held. Of a NodePort, not where the program listens on an address alone at which kube-proxy serves none (--nodeport-addresses).',
  source:
    'Kubernetes documentation, "Service", type NodePort; kubernetes/kubernetes#112559; ip-sysctl: ip_local_reserved_ports',
  remedy:
    'Give the program another port, or the Service another NodePort. Keep the range of NodePorts (--service-node-port-range) out of net.ipv4.ip_local_port_range, or name it in net.ipv4.ip_local_reserved_ports.',
} as const;

/** They hold the ports that they lead on, to keep others off. */
const OWNERS =
  /^(kube-proxy|kube-router|kubelite|cilium|calico|antrea|ovn|ovs|hyperkube|k3s|k0s|rke2|portmap|docker-proxy|containerd|dockerd|cri-dockerd|crio|conmon|podman)/;

function on(listeners: readonly Listener[], { port, protocol }: TakenPort): Listener[] {
  return listeners.filter((one) => one.port === port && one.protocol === protocol && !isLoopback(one));
}

/** Whether what is sent to one of the listener's addresses is led to pods. */
function isLed({ address }: Listener, { kind }: TakenPort, { ip, ip6 }: NodePortPlaces): boolean {
  if (kind !== 'node port') return true;
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (bare === '0.0.0.0') return ip?.length !== 0;
  if (bare === '*' || bare === '::') return ip?.length !== 0 || ip6?.length !== 0;
  const served = bare.includes(':') ? ip6 : ip;
  return served === undefined || served.some((one) => sameAddress(one, bare));
}

/** Whoever holds ports to keep others off holds all of them. */
function isForeign(listener: Listener, like: readonly TakenPort[], all: readonly Listener[]): boolean {
  return listener.process === undefined
    ? like.some((other) => on(all, other).length === 0)
    : !OWNERS.test(listener.process);
}

function whoText({ process, pid }: Listener): string {
  return process === undefined ? 'A program' : `${process} (pid ${pid ?? '?'})`;
}

export const takenPort: Rule<SocketsFacts> = {
  meta,
  judge: ({ input: { taken = [] }, listeners, nodePortPlaces, results }) =>
    taken.flatMap((one) => {
      const all = listeners.value ?? [];
      const own = on(all, one).find((listener) => isLed(listener, one, nodePortPlaces));
      const like = taken.filter(({ kind, protocol }) => kind === one.kind && protocol === one.protocol);
      if (own === undefined || !isForeign(own, like, all)) return [];
      const { port, protocol, by } = one;
      return [
        occurrence(
          meta,
          'warning',
          `${whoText(own)} listens on ${protocol.toUpperCase()} ${port} of the node, and that is ${by}: what is sent there is led to the pods, and not to it.`,
          quote(results.listeners, new RegExp(`:${port}\\s`), 2),
        ),
      ];
    }),
};
