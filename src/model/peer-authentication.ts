/** Istio's PeerAuthentication, as much of it as is read (security.istio.io). */
export interface PeerAuthentication {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    /** RFC 3339. */
    readonly creationTimestamp?: string;
  };
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly mtls?: { readonly mode?: string };
    /** By the port of the pod. */
    readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: string }>>;
  };
}
