import { type Advice, advice, kubectl, verbatim } from '../../../model/advice.ts';
import type { HttpTiming } from '../../../parsers/curl.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-HTTP-002',
  title: 'The server, or a proxy before it, answers with an error of its own',
  severities: ['warning'],
  meaning:
    'The request arrived and an HTTP answer came back, which says that the server failed. With 502, 503 and 504 a proxy, an ingress or a load balancer answers and has no working server behind it: the network up to that proxy is fine; look at the path beyond it. A proxy of a service mesh says in a header that an answer is its own: the server has not seen the request then, whatever the status is.',
  rule: "The HTTP status of a DEST that is a URL is 500 or above, but for 505 and 511 (NT-HTTP-011); or 400 or above, with the header l5d-proxy-error of Linkerd; or 403 by Envoy (the header Server is envoy or istio-envoy) with the 19 bytes of its 'RBAC: access denied'.",
  source:
    'RFC 9110, section 15.6; linkerd/linkerd2#9387 and linkerd/linkerd2-proxy#2109; Envoy, source/extensions/filters/http/rbac/rbac_filter.cc',
  remedy: advice`See the log of the server. With 502, 503 or 504 look from the proxy on: whether its backends are up, and whether it reaches them (${verbatim`kubectl nettools diagnose`} with the pod of the proxy as the TARGET and the backend as the DEST).`,
} as const;

/** Of a gateway, which speaks of what is behind it (RFC 9110, 15.6.3 to 15.6.5). */
const OF_GATEWAYS: Readonly<Record<number, string>> = {
  502: 'its backend gives no valid answer',
  503: 'it is overloaded, or has no backend that works',
  504: 'its backend does not answer in time',
};

const OF_MESH: Advice = advice`See what the mesh has for this host: an HTTPRoute or ServiceProfile that takes only some requests, an annotation of opaque ports, a Server or AuthorizationPolicy that turns them away, an endpoint that does not answer its proxy. The log of the proxy says which, in the pod of the client and in that of the server.\n${kubectl`logs NAME -c linkerd-proxy`}\n${kubectl`get httproutes,serviceprofiles,servers,authorizationpolicies -A`}`;

/** "RBAC: access denied" */
const RBAC_BYTES = 19;

/** Envoy's filter of rights turned the request away; its text is told by its length. */
function isDenied({ status, shape }: Partial<HttpTiming>): boolean {
  return status === 403 && shape?.bodyBytes === RBAC_BYTES && /^(istio-)?envoy$/.test(shape.server);
}

const OF_RIGHTS: Advice = advice`See the AuthorizationPolicies that select the server (those of its namespace and of the mesh's root namespace): as soon as one of action ALLOW selects it, all that none of them names is denied, and principals and namespaces match only clients whose own sidecar speaks mutual TLS. A client outside of the mesh has neither. The log of the server's proxy names the policy (rbac_access_denied_matched_policy).\n${kubectl`get authorizationpolicies -A`}\n${kubectl`logs NAME -c istio-proxy`}`;

/** What is about the connection has a finding of its own (NT-HTTP-011). */
const OTHERS = new Set([505, 511]);

export const serverError: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap((path) => {
      const { status = 0, proxyError } = path.http?.value ?? {};
      const isProxys = proxyError !== undefined && status >= 400;
      const isRights = isDenied(path.http?.value ?? {});
      if (OTHERS.has(status) && !isProxys) return [];
      if (status < 500 && !isProxys && !isRights) return [];
      const known = OF_GATEWAYS[status];
      const { url, label } = path.destination;
      return [
        occurrence(
          meta,
          'warning',
          isRights
            ? `${url} answers with HTTP 403, and it is a proxy of the service mesh (Envoy, as Istio has it) that says so, not the server: in the form of its "RBAC: access denied", so a policy of the mesh does not let this client in.`
            : isProxys
              ? `${url} answers with HTTP ${status}, and it is a proxy of the service mesh (Linkerd) that says so, not the server: l5d-proxy-error: ${proxyError}.`
              : `${url} answers with HTTP ${status}${known === undefined ? '' : ` (${known})`}: the connection works, and the server or a proxy before it fails.`,
          quote(path.results.http, /./, 1),
          {
            subject: label,
            ...(isRights ? { remediation: OF_RIGHTS } : isProxys ? { remediation: OF_MESH } : {}),
          },
        ),
      ];
    }),
};
