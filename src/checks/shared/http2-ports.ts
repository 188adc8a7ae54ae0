/** Which ports are of HTTP/2 by what is said of them. Pure. */

/** What is spoken to them as HTTP/1.1: the other ways into a server of gRPC, and what stands beside one. */
const OTHERS = /^(web|gateway|gw|json|rest|http|metrics|health|console)$/;

/**
 * https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/ (name: PROTOCOL[-SUFFIX]) and KEP-3726
 * (appProtocol: kubernetes.io/h2c).
 * @param says the appProtocol or the name of a port
 */
export function saysHttp2(says: string | undefined): boolean {
  return isOne(says, /^(grpcs?|h2c?|http2)$/);
}

/** The same without those that say that TLS is spoken. */
export function saysPlainHttp2(says: string | undefined): boolean {
  return isOne(says, /^(grpc|h2c|http2)$/);
}

function isOne(says: string | undefined, protocols: RegExp): boolean {
  const [protocol = '', ...rest] = says?.toLowerCase().replace(/^.*\//, '').split('-') ?? [];
  return protocols.test(protocol) && !rest.some((word) => OTHERS.test(word));
}
