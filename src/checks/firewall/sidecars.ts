/** Proxies of service meshes. Pure. */

/** Containers to which rules lead everything by default; of others (Consul's, Envoy by hand) it is a choice. */
export const SIDECARS: ReadonlySet<string> = new Set(['istio-proxy', 'linkerd-proxy', 'kuma-sidecar']);
