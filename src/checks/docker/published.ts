/** Published ports, as the Docker host serves them. Pure. */

import type { PublishedPort } from '../../model/docker-ports.ts';
import type { Quote } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import type { DockerFacts, DockerInput, HostLink } from './facts.ts';
import { onHost } from './passage.ts';

/** Whose networks and ports the target's are: its own, or those of the container whose network it shares. */
export function servedBy(input: DockerInput): Pick<DockerInput, 'container' | 'networks' | 'published'> {
  return input.owner ?? input;
}

/** Those on an IPv4 address. */
export function publishedPorts4({ published }: DockerInput): PublishedPort[] {
  return published.filter(({ hostAddress }) => !hostAddress.includes(':'));
}

/** Those that other machines should reach. */
export function reachableFromOutside({ input }: DockerFacts): PublishedPort[] {
  return publishedPorts4(input).filter(({ hostAddress }) => !hostAddress.startsWith('127.'));
}

/** `published port 8080/tcp (0.0.0.0:18080)` */
export function publishedText({ port, protocol, hostAddress, hostPort }: PublishedPort): string {
  const place = hostAddress === '0.0.0.0' ? hostPort : socketAddress(hostAddress, hostPort);
  return `published port ${place}/${protocol} (${port} in the container)`;
}

/** The network that published ports lead to. */
export function linkOf({ links }: DockerFacts): HostLink | undefined {
  return links.find(({ network }) => !network.internal);
}

/** Who has the port on the host. */
export interface Holder {
  /** `listener`: somebody, of whom no more is known, or who is not docker-proxy. */
  readonly kind: 'proxy' | 'listener' | 'nobody';
  readonly quotes: readonly Quote[];
}

export function holderOf({ input, host, links }: DockerFacts, port: PublishedPort): Holder {
  const own = new Set(links.map(({ address }) => address));
  const proxy = input.proxies?.find(
    (one) =>
      one.hostPort === port.hostPort &&
      one.protocol === port.protocol &&
      // A rootless engine's listens on loopback alone, behind a forwarder of its own.
      (one.hostAddress === port.hostAddress ||
        one.hostAddress === '0.0.0.0' ||
        own.has(one.containerAddress)),
  );
  if (proxy) {
    const { hostAddress, hostPort, containerAddress, containerPort } = proxy;
    const excerpt = `docker-proxy ${socketAddress(hostAddress, hostPort)} -> ${socketAddress(containerAddress, containerPort)}`;
    return { kind: 'proxy', quotes: [onHost(['ps', '-C', 'docker-proxy', '-o', 'args'], excerpt)] };
  }
  const listener = host?.listeners?.find(
    (one) =>
      one.port === port.hostPort &&
      one.protocol === port.protocol &&
      (['0.0.0.0', '*', port.hostAddress].includes(one.address) || port.hostAddress === '0.0.0.0'),
  );
  const command = host?.results.listeners?.command ?? ['ss', '-lntupH'];
  return listener
    ? { kind: 'listener', quotes: [onHost(command, listener.line)] }
    : { kind: 'nobody', quotes: [onHost(command, `nothing listens on port ${port.hostPort}`)] };
}
