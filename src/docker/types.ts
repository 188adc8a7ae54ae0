/** Of the Engine API's answers, what is used here; the names are the API's own. */

/** GET /containers/NAME/json */
export interface DockerContainer {
  readonly Id: string;
  /** With a slash before it. */
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly ExitCode: number;
    /** Its first process on the engine's machine; 0 while it does not run. */
    readonly Pid: number;
    /** Why it could not be started; empty where nothing is known. */
    readonly Error: string;
    /** RFC 3339. */
    readonly StartedAt: string;
  };
  readonly HostConfig: {
    readonly NetworkMode: string;
    readonly UsernsMode?: string;
    /** Of docker run --dns. */
    readonly Dns?: readonly string[] | null;
    /** Of docker run --add-host: `NAME:ADDRESS`. */
    readonly ExtraHosts?: readonly string[] | null;
    /** Of docker run --publish: `80/tcp` to where it is to be published, whether it runs or not. */
    readonly PortBindings?: Readonly<Record<string, readonly PortBinding[] | null>> | null;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, DockerEndpoint>> | null;
    /** `80/tcp` to where it is published; null for a port that is only exposed. */
    readonly Ports: Readonly<Record<string, readonly PortBinding[] | null>> | null;
  };
}

/** A container's end of one network; addresses are empty while it is not connected. */
export interface DockerEndpoint {
  readonly NetworkID: string;
  readonly IPAddress: string;
  readonly GlobalIPv6Address: string;
  readonly Gateway: string;
  /** Absent from lists. */
  readonly Aliases: readonly string[] | null;
  /** Since API 1.44: all names that it has on this network. */
  readonly DNSNames?: readonly string[] | null;
}

/** Where on the host a port is published. */
export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** One of GET /containers/json */
export interface DockerListed {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly State: string;
  /** Seconds since 1970. */
  readonly Created: number;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly NetworkSettings?: { readonly Networks: Readonly<Record<string, DockerEndpoint>> | null };
  readonly HostConfig?: { readonly NetworkMode: string };
}

/** GET /networks/ID, and one of GET /networks */
export interface DockerNetworkInfo {
  readonly Name: string;
  readonly Driver: string;
  readonly Internal: boolean;
  readonly IPAM?: {
    readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  };
  /** By the id of each container that runs on it, addresses with the lengths of prefixes; only of GET /networks/ID. */
  readonly Containers?: Readonly<
    Record<
      string,
      {
        readonly Name: string;
        readonly MacAddress: string;
        readonly IPv4Address: string;
        readonly IPv6Address: string;
      }
    >
  > | null;
  readonly Options: Readonly<Record<string, string>> | null;
  /** Of an overlay: the hosts on which containers are on it, this one included. */
  readonly Peers?: readonly { readonly IP: string }[] | null;
}

/** GET /version */
export interface DockerVersion {
  readonly Version: string;
  readonly ApiVersion: string;
}

/** GET /info */
export interface DockerInfo {
  readonly Plugins?: { readonly Authorization?: readonly string[] | null };
  /** `name=seccomp,profile=default`, `name=rootless`, … */
  readonly SecurityOptions?: readonly string[] | null;
}
