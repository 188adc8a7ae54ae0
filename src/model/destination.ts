/** Destinations of probes. */

/** Where to probe: what DEST was resolved to. Plain JSON. */
export interface Destination {
  /** Letters, digits and hyphens: part of the ids of its commands. */
  readonly id: string;
  /** What the user calls it: `gateway`, `svc/web`, `example.com:443`. */
  readonly label: string;
  /** An address, a name, or a placeholder of the runner. */
  readonly host: string;
  /** The TCP port to connect to, or a placeholder. */
  readonly port: string;
  /** The port was not named by anybody: an answer of any kind is all that it is good for. */
  readonly anyPort: boolean;
  /** `asked`: by the user. The others are looked at always, and may have reasons not to answer. */
  readonly role: 'gateway' | 'dns' | 'apiserver' | 'asked';
  /** A part of the cluster's own network, where milliseconds are many. */
  readonly inCluster: boolean;
  /** The Service that this is the virtual address or an endpoint of, as the user calls it. */
  readonly service?: {
    readonly label: string;
    readonly part: 'virtual' | 'endpoint';
    /** Of an endpoint: where it runs, as far as the API says. */
    readonly node?: string;
    /** Of an endpoint: how many ready ones the Service has, looked at or not. */
    readonly total?: number;
  };
  /** What DEST named in the cluster, an alias (ExternalName) too; absent: it was a host, or nobody named it. */
  readonly ref?: {
    readonly kind: 'pod' | 'service';
    readonly namespace: string;
    readonly name: string;
    /** Its number or name; absent: DEST named none. */
    readonly port?: string;
  };
  /** The pod behind the address, where the API knows it. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** `udp` only where the user asked for it. */
  readonly protocol: 'tcp' | 'udp';
  /** Also time this request. */
  readonly url?: string;
  /** gRPC is spoken to it, in TLS (`grpcs://`) or without (`grpc://`). */
  readonly grpc?: 'tls' | 'plain';
}
