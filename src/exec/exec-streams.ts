/** What one remote command takes: where to connect, the local ends of its streams, and limits. */
import type { Agent } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { TerminalSize } from './frames.ts';

/** Where and as whom to connect: everything that an HTTP request to the API server needs. */
export interface ExecEndpoint {
  /** `ws:` or `wss:` URL with the exec path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Carries TLS material and the proxy; it is shared with the REST calls, so a warm connection is reused. */
  readonly agent: Agent | undefined;
  /** Sends the upgrade itself, with these headers besides; where it is absent it goes out by the agent. */
  readonly upgrade?:
    | ((headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Upgraded>)
    | undefined;
  /** Limit for the server to accept the stream, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** The server's answer to an upgrade. */
export interface Upgraded {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** With status 101: the connection, which is paused, and what has come over it already. */
  readonly socket?: Duplex;
  readonly head?: Buffer;
  /** Who leads it elsewhere has what comes over the connection, and its stream has not. */
  readonly inlet?: { lead(taker: Taker): void };
}

/** Takes what comes over a connection, into memory of its own. */
export interface Taker {
  /** Memory for what comes next, 16 KiB or more. */
  memory(): Uint8Array;
  /** What has come: it lies in the memory that was asked for last, or in some that is nobody else's. */
  take(bytes: Buffer): void;
}

/** Looks at the outputs on their way to their streams, and may keep some of their bytes. */
export interface OutputFilter {
  /** Takes the next bytes of an output and gives those that are to be passed on. */
  take(output: 'stdout' | 'stderr', data: Uint8Array): Uint8Array;
  /** Gives what it still keeps of an output of which nothing more comes. */
  rest(output: 'stdout' | 'stderr'): Uint8Array;
}

/** The local ends of the stream. */
export interface ExecStreams {
  /** Read until its end, then half-closed (v5). `undefined`: stdin stays open and silent until the stream ends. */
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable;
  /** Absent with a TTY, which has one output. */
  readonly stderr?: Writable | undefined;
  readonly filter?: OutputFilter | undefined;
  /** Calls back with the terminal's size, at once and on each change; returns how to stop. */
  readonly onResize?: ((send: (size: TerminalSize) => void) => () => void) | undefined;
}

/** Options of {@link execStream}; times in milliseconds. */
export interface ExecOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pingIntervalMs?: number;
  readonly pingDeadlineMs?: number;
  readonly unreadStdinDeadlineMs?: number;
  readonly closeGraceMs?: number;
  /** Told once, when the server has accepted the stream; the argument is the sub-protocol in use. */
  readonly onOpen?: ((protocol: string) => void) | undefined;
}
