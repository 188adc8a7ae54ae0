/**
 * The far end of a recording: servers of known behaviour on every address of the namespace that this runs in. It ends
 * with its stdin, so nothing is left when the recorder dies.
 */
import { createServer, type Socket } from 'node:net';

/** Ports of the peer, one a behaviour. */
export const PEER_PORTS = {
  /** Accepts and takes whatever comes. */
  sink: 9000,
  /** Answers HTTP at once. */
  http: 8080,
  /** Accepts at once, answers HTTP after {@link SLOW_MS}. */
  slowHttp: 8081,
  /** Accepts at once, never answers. */
  silentHttp: 8082,
} as const;

/** What the slow server waits before it answers. */
export const SLOW_MS = 1500;

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n';

function listen(port: number, onRequest: (socket: Socket) => void): void {
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => onRequest(socket));
    socket.resume();
  }).listen(port, '0.0.0.0');
}

if (import.meta.main) {
  listen(PEER_PORTS.sink, () => undefined);
  listen(PEER_PORTS.http, (socket) => socket.end(ANSWER));
  listen(PEER_PORTS.slowHttp, (socket) => setTimeout(() => socket.end(ANSWER), SLOW_MS));
  listen(PEER_PORTS.silentHttp, () => undefined);
  process.stdin.on('end', () => process.exit()).resume();
}
