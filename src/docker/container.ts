/** What the engine says of a container, as others use it. Pure. */
import type { PublishedPort } from '../model/docker-ports.ts';
import type { DockerContainer } from './types.ts';

export function containerName({ Name }: DockerContainer): string {
  return Name.replace(/^\//, '');
}

/** Every port that the host passes on, by each of its addresses. */
export function publishedPorts({ NetworkSettings }: DockerContainer): PublishedPort[] {
  return Object.entries(NetworkSettings.Ports ?? {}).flatMap(([name, bindings]) => {
    const [port = '', protocol] = name.split('/');
    // Nothing here can look for a listener of SCTP.
    if (protocol !== 'tcp' && protocol !== 'udp') return [];
    return (bindings ?? []).map(({ HostIp, HostPort }) => ({
      port: Number(port),
      protocol,
      hostAddress: HostIp || '0.0.0.0',
      hostPort: Number(HostPort),
    }));
  });
}
