/** Ports of a Docker container that its host passes on. */

/** A port of the target that the host passes on. */
export interface PublishedPort {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
}

/** A docker-proxy that runs: it listens on the host and passes connections on to a container. */
export interface DockerProxy {
  readonly protocol: string;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}
