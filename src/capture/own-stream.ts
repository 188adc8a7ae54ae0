/**
 * What a capture in a node's own network has to leave out: each packet of its own stream would be captured, and make more
 * of them. The stream goes from the runtime to the kubelet over the loopback, and from there to the API server: directly,
 * or through a tunnel that an agent on the node keeps open.
 */

import type { FoundTarget } from '../open/found-target.ts';
import { type Endpoint, tcpEndpoints } from '../pcap/endpoints.ts';
import type { Packet } from '../pcap/reader.ts';

/** Where a kubelet listens, through which every exec goes: the default of its own `port`. */
const KUBELET_PORT = '10250';
/** Where konnectivity's server awaits its agents (apiserver-network-proxy, --agent-port). */
const KONNECTIVITY_PORT = '8132';
/**
 * Where the agents of k3s keep their tunnel open, and those of RKE2, whose supervisor has a port of its own
 * (https://docs.k3s.io/installation/requirements, https://docs.rke2.io/install/requirements).
 */
const TUNNEL_PORTS: readonly (readonly [version: RegExp, ports: readonly string[]])[] = [
  [/\+k3s/, ['6443']],
  [/\+rke2/, ['9345', '6443']],
];

/** In tcpdump's syntax; `undefined`: the capture cannot meet its own stream. */
export async function ownStreamFilter({
  subject,
  client,
}: Pick<FoundTarget, 'subject'> & {
  readonly client?: Pick<NonNullable<FoundTarget['client']>, 'server'>;
}): Promise<readonly string[] | undefined> {
  if (!subject.isHost || client === undefined) return undefined;
  const { hostname, port } = client.server;
  const ports = new Set([KUBELET_PORT, KONNECTIVITY_PORT]);
  // A node that runs the API server as well sends the stream on to this machine.
  if (subject.addresses.includes(hostname)) ports.add(port === '' ? '443' : port);
  const node = subject.node === undefined ? undefined : await subject.cluster?.node(subject.node);
  const version = node?.value?.status?.nodeInfo?.kubeletVersion ?? '';
  for (const [pattern, tunnel] of TUNNEL_PORTS) {
    if (pattern.test(version)) for (const one of tunnel) ports.add(one);
  }
  const loopback = ['net', '127.0.0.0/8', 'or', 'host', '::1'];
  return [...loopback, ...[...ports].flatMap((one) => ['or', 'tcp', 'port', one])];
}

/** A filter that takes no packets of the capture's own stream. */
export function without(filter: readonly string[], unwanted: readonly string[]): string[] {
  const rest = ['not', '(', ...unwanted, ')'];
  return filter.length === 0 ? rest : ['(', ...filter, ')', 'and', ...rest];
}

/** A second's traffic is looked at when it has this many bytes. */
const LEAST_BYTES = 500_000;
/** Of a second's packets, how many are looked into. */
const SAMPLE = 1_000;
/** The share of the bytes that has one and the same TCP endpoint, for so many seconds, is taken for a loop. */
const LEAST_SHARE = 0.8;
const SECONDS = 5;
const WINDOW_MS = 1_000;

/**
 * Notices that nearly all of a capture is one TCP endpoint's traffic, as it is where the stream goes through a tunnel on a
 * port of its own (AKS has its on 443). That may be anybody's transfer as well, so it is said and nothing is left out.
 * Pure: the caller brings the time.
 */
export class LoopWatch {
  readonly #linkType: number;
  #since = 0;
  #bytes = 0;
  #sampled = { packets: 0, bytes: 0 };
  #byEndpoint = new Map<string, { readonly endpoint: Endpoint; bytes: number }>();
  #last = '';
  #seconds = 0;
  #isTold = false;

  constructor(linkType: number) {
    this.#linkType = linkType;
  }

  /** Takes packets. @returns a sentence without a trailing dot, once, when they look like a loop */
  push(packets: readonly Packet[], nowMs: number): string | undefined {
    if (this.#isTold) return undefined;
    let told: string | undefined;
    if (nowMs - this.#since >= WINDOW_MS) {
      told = this.#judge(nowMs - this.#since < 2 * WINDOW_MS);
      this.#since = nowMs;
      this.#bytes = 0;
      this.#sampled = { packets: 0, bytes: 0 };
      this.#byEndpoint.clear();
    }
    for (const packet of packets) this.#count(packet);
    this.#isTold = told !== undefined;
    return told;
  }

  #count(packet: Packet): void {
    this.#bytes += packet.originalLength;
    if (this.#sampled.packets >= SAMPLE) return;
    this.#sampled.packets++;
    this.#sampled.bytes += packet.originalLength;
    const ends = tcpEndpoints(packet, this.#linkType);
    if (ends === undefined) return;
    for (const endpoint of [ends.source, ends.destination]) {
      const key = `${endpoint.address} ${endpoint.port}`;
      const counted = this.#byEndpoint.get(key) ?? { endpoint, bytes: 0 };
      counted.bytes += packet.originalLength;
      this.#byEndpoint.set(key, counted);
    }
  }

  #judge(isNext: boolean): string | undefined {
    const [most] = [...this.#byEndpoint.values()].sort(
      // Of a connection's two ends, the lower port is the server's, which stays when the agent connects again.
      (a, b) => b.bytes - a.bytes || a.endpoint.port - b.endpoint.port,
    );
    const share = (most?.bytes ?? 0) / Math.max(1, this.#sampled.bytes);
    if (most === undefined || this.#bytes < LEAST_BYTES || share < LEAST_SHARE) {
      this.#seconds = 0;
      return undefined;
    }
    const { address, port } = most.endpoint;
    const key = `${address} ${port}`;
    this.#seconds = isNext && key === this.#last ? this.#seconds + 1 : 1;
    this.#last = key;
    if (this.#seconds < SECONDS) return undefined;
    return `${Math.round(share * 100)}% of it is TCP with ${address} port ${port}; if that is the tunnel that carries this capture to you, it is capturing itself: add to the filter: not (host ${address} and tcp port ${port})`;
  }
}
