/** Objects of the Gateway API (gateway.networking.k8s.io), as much of them as is read: client-node has no types of custom resources. */
import type { Ingress, IngressClass, ObjectMeta } from './kube-objects.ts';

/** As `metav1.Condition`. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface ParentRef {
  /** Absent: that of the Gateway API. */
  readonly group?: string;
  /** Absent: `Gateway`. */
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  /** Of the listener. */
  readonly sectionName?: string;
  readonly port?: number;
}

export interface BackendRef {
  /** Absent: of the core. */
  readonly group?: string;
  /** Absent: `Service`. */
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly port?: number;
  /** 0: it gets nothing. */
  readonly weight?: number;
}

interface RouteMatch {
  /** Of an HTTPRoute. */
  readonly path?: { readonly type?: string; readonly value?: string };
  /** Of an HTTPRoute the name of an HTTP method; of a GRPCRoute, which call. */
  readonly method?: string | { readonly type?: string; readonly service?: string; readonly method?: string };
  readonly headers?: readonly object[];
  readonly queryParams?: readonly { readonly type?: string; readonly name: string; readonly value: string }[];
}

export interface GatewayRoute {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly parentRefs?: readonly ParentRef[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly {
      readonly matches?: readonly RouteMatch[];
      readonly filters?: readonly { readonly type?: string }[];
      readonly backendRefs?: readonly BackendRef[];
    }[];
  };
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef: ParentRef;
      readonly conditions?: readonly Condition[];
    }[];
  };
}

export interface Gateway {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly gatewayClassName?: string;
    readonly listeners?: readonly GatewayListener[];
  };
  readonly status?: {
    readonly addresses?: readonly { readonly type?: string; readonly value: string }[];
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly { readonly name: string; readonly conditions?: readonly Condition[] }[];
  };
}

export interface GatewayListener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname?: string;
  readonly tls?: {
    /** `Passthrough`: whoever is behind ends TLS, and no rule of HTTP is asked. */
    readonly mode?: string;
    readonly certificateRefs?: readonly {
      /** Absent: of the core. */
      readonly group?: string;
      readonly kind?: string;
      readonly namespace?: string;
      readonly name: string;
    }[];
  };
  readonly allowedRoutes?: { readonly namespaces?: { readonly from?: string } };
}

export interface ReferenceGrant {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly from?: readonly { readonly group?: string; readonly kind: string; readonly namespace: string }[];
    readonly to?: readonly { readonly group?: string; readonly kind: string; readonly name?: string }[];
  };
}

/** All that say where requests go by the Gateway API. */
export interface GatewayObjects {
  /** Absent: they may not be read, which belong to no namespace. */
  readonly classes?: readonly { readonly metadata?: ObjectMeta }[];
  readonly gateways: readonly Gateway[];
  readonly httpRoutes: readonly GatewayRoute[];
  readonly grpcRoutes: readonly GatewayRoute[];
  readonly grants: readonly ReferenceGrant[];
}

/** All that say where requests go by Ingresses. */
export interface IngressObjects {
  /** As above. */
  readonly classes?: readonly IngressClass[];
  readonly ingresses: readonly Ingress[];
}
