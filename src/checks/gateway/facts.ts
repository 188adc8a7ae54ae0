/** What the gateway check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { HttpTiming } from '../../parsers/curl.ts';
import type { Measured } from '../shared/measured.ts';

/** An object of the API. */
export interface ObjectName {
  /** `Ingress`, `HTTPRoute`, `Gateway`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The rule that takes a request. */
export interface TakenBy {
  readonly object: ObjectName;
  /** `host shop.example.com, path /api (Prefix)`. */
  readonly rule: string;
}

/** An object with the very same rule, which leads elsewhere. */
export interface Rival {
  readonly object: ObjectName;
  /** `Service shop/web:80`. */
  readonly to: string;
}

/** Where a rule leads a request. */
export interface Backend {
  readonly namespace: string;
  readonly name: string;
  /** A number or a name, as the rule has it. */
  readonly port: string;
  /** Of how many that the rule has. */
  readonly of: number;
  /** How many endpoints are ready. */
  readonly ready: number;
  /** Some of those that are ready, to be connected to. */
  readonly endpoints: readonly { readonly address: string; readonly port: number; readonly pod?: string }[];
}

/** What the API says that will become of a request, besides being served. */
export type Trouble =
  | {
      readonly kind: 'no-rule';
      /** Rules that come near, in words: of the same host with another path, of a name like it. */
      readonly near: readonly string[];
      /** They are of the host that is asked for, and its path is what they lack. */
      readonly isOfHost: boolean;
      /** A path among them is a pattern, which only some controllers take for one. */
      readonly isPattern: boolean;
    }
  | {
      readonly kind: 'no-backend';
      readonly by: TakenBy;
      readonly backend: Backend;
      /** `missing`: no such Service. `port`: it has none of this number or name. `alias`: it is an ExternalName. */
      readonly why: 'missing' | 'port' | 'alias';
      /** The ports that the Service has; the name that it stands for. */
      readonly has: readonly string[];
    }
  | {
      readonly kind: 'no-endpoint';
      readonly by: TakenBy;
      readonly backend: Backend;
      readonly notReady: number;
    }
  | {
      readonly kind: 'no-controller';
      readonly object: ObjectName;
      /** `class`: it names none. `unknown-class`: there is none of that name. `gateway`: there is no such Gateway. */
      readonly why: 'class' | 'unknown-class' | 'gateway';
      readonly wanted: string;
      /** Those that there are. */
      readonly known: readonly string[];
    }
  | {
      readonly kind: 'not-attached';
      readonly object: ObjectName;
      readonly gateway: ObjectName;
      /** In words that end a sentence. */
      readonly why: string;
    }
  | {
      readonly kind: 'not-resolved';
      readonly by: TakenBy;
      /** What has to allow the reference; absent: the controller says why it does not resolve. */
      readonly grantIn?: string;
      readonly why: string;
    }
  | {
      readonly kind: 'no-secret';
      readonly object: ObjectName;
      readonly namespace: string;
      /** Absent: it names none for the host. */
      readonly secret?: string;
      /** Why one that may be there does not count; absent: it is not there. */
      readonly unusable?: UnusableSecret;
    };

/** A Secret that a listener may not have, or that its controller can make nothing of. */
export interface UnusableSecret {
  /** What has to allow the reference; absent: the controller says it. */
  readonly isUngranted?: true;
  /** In words that end a sentence. */
  readonly why: string;
}

/** Nothing that is followed here takes the request: an object of another kind may. */
export const UNTAKEN: readonly Trouble['kind'][] = ['not-attached', 'no-controller', 'no-rule'];

/** Whoever takes requests by rules of the API: the controller of a class of Ingresses, or a Gateway. */
export interface Front {
  /** `Ingresses of class nginx`, `Gateway shop/gw`. */
  readonly name: string;
  /** Where it is known to listen. */
  readonly addresses: readonly string[];
  /** A rule names the very host that is asked for. */
  readonly namesHost: boolean;
  readonly troubles: readonly Trouble[];
  /** What takes the request, where anything does. */
  readonly by?: TakenBy;
  /** Absent: none. */
  readonly rivals?: readonly Rival[];
  readonly backend?: Backend;
}

/** A DEST that is a URL. */
export interface AskedRequest {
  readonly destination: Destination;
  readonly host: string;
  readonly path: string;
  readonly fronts: readonly Front[];
  /** Kinds of objects that this check does not follow, and by which the request can be led: `IngressRoute (traefik.io)`. */
  readonly others?: readonly string[];
  /** Its host is neither a Service nor a pod of the cluster that is known, and not all that may lead it could be read. */
  readonly mayBeLed?: true;
}

/** What the check gets before it runs; plain JSON. */
export interface GatewayInput {
  readonly requests: readonly AskedRequest[];
  /** What the user may not read, so that a rule may be there that is not known here. */
  readonly denied: readonly string[];
}

/** What a connection from the target to a ready endpoint of the backend came to. */
export interface BackendTry {
  readonly address: string;
  readonly port: number;
  readonly pod: string | undefined;
  readonly isRefused: boolean;
  readonly result: ProbeResult | undefined;
}

export interface RequestFacts {
  readonly asked: AskedRequest;
  readonly answer: Measured<HttpTiming>;
  readonly result: ProbeResult | undefined;
  /** The certificate is neither trusted nor for the name: asked where a Secret is missing. */
  readonly isUntrusted: boolean;
  /** It is not trusted, and why it is not known whether it is for the name; absent: it is known, or it was not asked. */
  readonly unnamed?: Reason;
  /** No handshake came about: asked there too. */
  readonly isUnserved: boolean;
  readonly trustResult: ProbeResult | undefined;
  /** Those that the request can have met. */
  readonly fronts: readonly Front[];
  readonly tries: readonly BackendTry[];
}

export interface GatewayFacts {
  readonly requests: readonly RequestFacts[];
  readonly denied: readonly string[];
}

/** `HTTPRoute shop/web`. */
export function nameOf({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace}/${name}`;
}

/** The words of kubectl that show it. */
export function kubectlName({ kind, namespace, name }: ObjectName): readonly string[] {
  return [kind.toLowerCase(), name, '-n', namespace];
}

/** No rule took it, or whoever took it had nothing to lead it to. */
export function isFailed({ answer }: RequestFacts): boolean {
  const status = answer.value?.status ?? 0;
  return answer.value !== undefined && (status === 404 || status === 421 || status >= 500);
}

/** No rule is known to take it, and what may have one could not be read: who answered is not known. */
export function isUnread({ asked: { mayBeLed, others = [] }, fronts }: RequestFacts): boolean {
  const isHidden = mayBeLed === true || (fronts.length > 0 && others.length > 0);
  return isHidden && fronts.every(({ by }) => by === undefined);
}

/** `http://shop.example.com/ is answered with HTTP 404`. */
export function answeredText({ asked, answer }: RequestFacts): string {
  return `${asked.destination.url ?? asked.destination.label} is answered with HTTP ${answer.value?.status ?? 0}`;
}
