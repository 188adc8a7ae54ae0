/** What is asked of the API server, and how. */
import type http from 'node:http';

/** Options of one request. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Other representations than plain JSON, as the header Accept has them. */
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** One event of a watch. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** What to run where; the container is one of the pod's, ephemeral ones included. */
export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** How a WebSocket reaches the exec endpoint. */
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
  /** Limit for the server to accept the stream, in milliseconds. */
  readonly timeoutMs: number;
}
