/**
 * A WebSocket over a connection whose upgrade was sent by somebody else: ws would load node:http and send its own. The
 * handshake is checked as ws does it (RFC 6455, 4.1); frames are all ws'.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { refusal } from './errors.ts';
import type { ExecEndpoint, Upgraded } from './exec-streams.ts';

/** RFC 6455, 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A refused upgrade's body is told from up to here. */
const MAX_ERROR_BODY = 64 * 1024;
/** Those of ws, which has them for its own connections alone (websocket.js, initAsClient). */
const LIMITS = { maxBufferedChunks: 256 * 1024, maxFragments: 16 * 1024, maxPayload: 100 * 1024 * 1024 };

/** What ws' own client sets of itself, which its types do not tell of. */
interface Inside {
  _isServer: boolean;
  _bufferedAmount: number;
  _protocol: string;
  setSocket(socket: Duplex, head: Buffer, options: object): void;
}

type Upgrade = NonNullable<ExecEndpoint['upgrade']>;

/** Emits what a WebSocket of ws does, but for `unexpected-response`: a refusal is the error of its `error` event. */
export class AdoptedSocket extends WebSocket {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param limitMs for the server to accept it */
  constructor(upgrade: Upgrade, protocols: readonly string[], limitMs: number) {
    super(null as never, undefined, {
      autoPong: true,
      maxPendingAutoPongs: 60,
      closeTimeout: 30_000,
    } as never);
    const inside = this as unknown as Inside;
    inside._isServer = false;
    inside._bufferedAmount = 0;
    const key = randomBytes(16).toString('base64');
    // The words of ws.
    this.#timer = setTimeout(() => this.#end(new Error('Opening handshake has timed out')), limitMs);
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': protocols.join(','),
    };
    upgrade(headers, this.#abort.signal).then(
      (answer) => this.#adopt(answer, key, protocols),
      (error: unknown) => this.#end(error as Error),
    );
  }

  override terminate(): void {
    if (this.readyState !== WebSocket.CONNECTING) {
      super.terminate();
      return;
    }
    clearTimeout(this.#timer);
    this.#abort.abort(new Error('WebSocket was closed before the connection was established'));
  }

  #adopt(answer: Upgraded, key: string, protocols: readonly string[]): void {
    clearTimeout(this.#timer);
    const { status, headers, body, socket, head } = answer;
    if (this.#abort.signal.aborted) {
      socket?.destroy();
      return;
    }
    if (socket === undefined) {
      this.#end(refusal(status, body.slice(0, MAX_ERROR_BODY)));
      return;
    }
    const wrong = handshakeError(headers, key, protocols);
    if (wrong !== undefined) {
      socket.destroy();
      this.#end(new Error(wrong));
      return;
    }
    const inside = this as unknown as Inside;
    inside._protocol = headers['sec-websocket-protocol'] ?? '';
    const options = { ...LIMITS, allowSynchronousEvents: true, skipUTF8Validation: true };
    inside.setSocket(socket, head ?? Buffer.alloc(0), options);
    socket.resume();
  }

  #end(error: Error): void {
    if (this.#abort.signal.aborted) return;
    this.terminate();
    this.emit('error', error);
  }
}

/** What is wrong with an accepted handshake, in the words of ws; `undefined`: nothing. */
function handshakeError(
  headers: Upgraded['headers'],
  key: string,
  protocols: readonly string[],
): string | undefined {
  if (headers['upgrade']?.toLowerCase() !== 'websocket') return 'Invalid Upgrade header';
  const expected = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  if (headers['sec-websocket-accept'] !== expected) return 'Invalid Sec-WebSocket-Accept header';
  const protocol = headers['sec-websocket-protocol'];
  if (protocol === undefined) return 'Server sent no subprotocol';
  if (!protocols.includes(protocol)) return 'Server sent an invalid subprotocol';
  return headers['sec-websocket-extensions'] === undefined
    ? undefined
    : 'Server sent a Sec-WebSocket-Extensions header but no extension was requested';
}
