/** What is asked of the API server, and how. */
import type http from 'node:http';
import type { Socket } from 'node:net';
import type { Inlet } from './inlet.ts';

/** Header values as node:http takes them; a list is a repeated header. */
export type Headers = Readonly<Record<string, string | string[]>>;

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

/** The server's answer to an upgrade. */
export interface Upgraded {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** With status 101: the connection, which is paused, and what has come over it already. */
  readonly socket?: Socket;
  readonly head?: Buffer;
  /** Who leads it elsewhere has what comes over the connection, and its stream has not. */
  readonly inlet?: Inlet;
}

/** How a WebSocket reaches the exec endpoint. */
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent with `upgrade`. */
  readonly agent: http.Agent | undefined;
  /** Sends the upgrade itself, where the connection of the requests is free for it; else it goes out by the agent. */
  readonly upgrade?:
    | ((headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Upgraded>)
    | undefined;
  /** Limit for the server to accept the stream, in milliseconds. */
  readonly timeoutMs: number;
}
