/** What the API server, or the way to it, said no with. */
import { networkReason } from '../model/network-reason.ts';

/** An HTTP error answer of the API server; `message` is the server's own sentence. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The machine-readable reason, such as `NotFound` or `Forbidden`. */
  readonly reason: string | undefined;
  constructor(status: number, reason: string | undefined, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Whether the API server itself said that this is forbidden; a proxy's or gateway's 403 carries no such reason. */
export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 403 && error.reason === 'Forbidden';
}

/**
 * Whether a 403 comes from the authorizer, so that more rights help. Admission (Pod Security, a quota, a webhook) says
 * 403 Forbidden too, and only the message tells them apart: that of the authorizer always reads
 * `… cannot VERB resource "…"` or `… cannot VERB path "…"` (k8s.io/apiserver, handlers/responsewriters/errors.go).
 */
export function isLackOfRights(status: number | undefined, message: string): boolean {
  return status === 403 && / cannot \S+ (?:resource|path) "/.test(message);
}

/** A right that the authorizer has refused, as it names it. */
export interface RefusedRight {
  readonly user: string;
  readonly verb: string;
  /** With its API group, unless that is the core's: `pods`, `deployments.apps`. */
  readonly resource: string;
  /** Absent: in all of the cluster. */
  readonly namespace?: string;
  /** What the authorizer says besides, such as a role that is not there. */
  readonly why?: string;
}

/** `undefined`: the answer is about something else, or in other words. */
export function refusedRight(status: number | undefined, message: string): RefusedRight | undefined {
  if (!isLackOfRights(status, message)) return undefined;
  const pattern =
    /User "(.*)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)" (?:in the namespace "([^"]+)"|at the cluster scope)(?:: (.+))?$/s;
  const [, user, verb = '', plural = '', group, namespace, why] = pattern.exec(message) ?? [];
  if (user === undefined) return undefined;
  return {
    user,
    verb,
    resource: group === '' ? plural : `${plural}.${group}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(why === undefined ? {} : { why }),
  };
}

/** No answer at all: name resolution, connection, TLS or proxy. `message` is one sentence that names the server. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** The answer is larger than what is read of one. */
export class TooLargeError extends UnreachableError {}

/** Where the API server is, and the proxy on the way to it. */
export interface Route {
  readonly server: URL;
  readonly proxyUrl: string | undefined;
}

/** Turns a socket's error into a sentence. The original stays as the cause, for `-v`. */
export function unreachable({ server, proxyUrl }: Route, error: unknown): UnreachableError {
  const way = proxyUrl === undefined ? '' : ` through the proxy ${withoutPassword(proxyUrl)}`;
  return new UnreachableError(
    `cannot reach the API server at ${server.origin}${way}: ${networkReason(error)}.`,
    { cause: error },
  );
}

function withoutPassword(proxyUrl: string): string {
  const { protocol, host } = new URL(proxyUrl);
  return `${protocol}//${host}`;
}
