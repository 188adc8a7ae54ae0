/** Objects that say whom the API server calls by TLS, as much of them as is read. */
import type { ObjectMeta } from './kube-objects.ts';

export type ApiCalleeKind =
  | 'MutatingWebhookConfiguration'
  | 'ValidatingWebhookConfiguration'
  | 'CustomResourceDefinition'
  | 'APIService';

interface ServiceReference {
  readonly namespace?: string;
  readonly name?: string;
  /** Absent: 443. */
  readonly port?: number;
}

export interface ClientConfig {
  /** Absent: it is called by a URL. */
  readonly service?: ServiceReference | null;
  /** PEM in base64; absent or empty: the authorities of the API server's machine. */
  readonly caBundle?: string | null;
}

/** Of all four kinds. */
export interface ApiCallees {
  readonly metadata?: ObjectMeta;
  /** Of a configuration of webhooks. */
  readonly webhooks?:
    | readonly {
        readonly name: string;
        readonly clientConfig?: ClientConfig;
        /** Absent: `Fail`. */
        readonly failurePolicy?: string;
        /** Without one it is never called. */
        readonly rules?: readonly object[] | null;
      }[]
    | null;
  /** Of the others: `conversion` and `versions` of a CustomResourceDefinition; `service` and the like of an APIService. */
  readonly spec?: ClientConfig & {
    readonly conversion?: {
      readonly strategy?: string;
      readonly webhook?: { readonly clientConfig?: ClientConfig };
    };
    readonly versions?: readonly { readonly name: string; readonly served?: boolean }[];
    readonly insecureSkipTLSVerify?: boolean;
  };
  /** Of a CustomResourceDefinition. */
  readonly status?: { readonly storedVersions?: readonly string[] };
}
