/**
 * A WebSocket over a connection whose upgrade was sent by somebody else: ws would load node:http and send its own. The
 * handshake is checked as ws does it (RFC 6455, 4.1); frames are all ws', but for what is plain output.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { refusal } from './errors.ts';
import type { ExecEndpoint, Upgraded } from './exec-streams.ts';
import { OutputFrames } from './output-frames.ts';

/** RFC 6455, 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A refused upgrade's body is told from up to here. */
const MAX_ERROR_BODY = 64 * 1024;
/** Those of ws, which has them for its own connections alone (websocket.js, initAsClient). */
const LIMITS = { maxBufferedChunks: 256 * 1024, maxFragments: 16 * 1024, maxPayload: 100 * 1024 * 1024 };

/** What ws' own client sets of itself, which its types do not tell of. */
interface Inside {
  readonly _socket: Socket | null;
  readonly _closeFrameReceived: boolean;
  readonly _closeFrameSent: boolean;
  readonly _closeCode: number;
  readonly _closeMessage: Buffer;
  readonly _closeTimer: NodeJS.Timeout | null;
  readonly _receiver: {
    readonly _state: number;
    readonly _bufferedBytes: number;
    readonly _fragmented: number;
  };
  _isServer: boolean;
  _bufferedAmount: number;
  _protocol: string;
  setSocket(socket: Duplex, head: Buffer, options: object): void;
}

/** The largest record of TLS (RFC 8446, 5.1), which is read into the same memory each time. */
const RECORD_BYTES = 16 * 1024;

/** Of ws' receiver: it waits for the beginning of a frame (receiver.js). */
const GET_INFO = 0;

/** Takes the next bytes of an output, which are another's as soon as it returns. */
export type TakeOutput = (channel: 'stdout' | 'stderr', part: Buffer) => void;

type Upgrade = NonNullable<ExecEndpoint['upgrade']>;

/**
 * Emits what a WebSocket of ws does, but for `unexpected-response`: a refusal is the error of its `error` event. `concluded`, with
 * a code and a reason, tells that the other end has sent its last message: `close` comes when the connection has ended too, which
 * is a matter of its own and keeps no process alive.
 */
export class AdoptedSocket extends WebSocket {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #takeOutput: TakeOutput;

  /**
   * @param limitMs for the server to accept it
   * @param takeOutput told of output that needs no message put together; the rest comes by `message`
   */
  constructor(upgrade: Upgrade, protocols: readonly string[], limitMs: number, takeOutput: TakeOutput) {
    super(null as never, undefined, {
      autoPong: true,
      maxPendingAutoPongs: 60,
      closeTimeout: 30_000,
    } as never);
    this.#takeOutput = takeOutput;
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

  override close(code?: number, reason?: string | Buffer): void {
    const { _closeFrameReceived: isConcluded, _closeFrameSent: isKnown } = this as unknown as Inside;
    super.close(code, reason);
    if (!isConcluded || isKnown) return;
    const { _socket, _closeTimer, _closeCode, _closeMessage } = this as unknown as Inside;
    _socket?.unref();
    _closeTimer?.unref();
    this.emit('concluded', _closeCode, _closeMessage);
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
    const early = head ?? Buffer.alloc(0);
    inside.setSocket(socket, answer.inlet === undefined ? early : Buffer.alloc(0), options);
    if (answer.inlet !== undefined) this.#lead(answer.inlet, socket, early);
    // What came early may be more than its reader takes.
    if (!this.isPaused) socket.resume();
  }

  /** Has all that comes over the connection, and gives ws what is for it, as its socket would. */
  #lead(inlet: NonNullable<Upgraded['inlet']>, socket: Duplex, early: Buffer): void {
    const inside = this as unknown as Inside;
    const memory = Buffer.allocUnsafeSlow(RECORD_BYTES);
    const frames = new OutputFrames({
      output: (channel, part) => this.#takeOutput(channel, part),
      rest: (bytes) => socket.emit('data', bytes),
      isFree: () => {
        const { _state: state, _bufferedBytes: buffered, _fragmented: fragmented } = inside._receiver;
        const isOpen = this.readyState === WebSocket.OPEN && !inside._closeFrameReceived;
        return isOpen && state === GET_INFO && buffered === 0 && fragmented === 0;
      },
    });
    frames.push(early);
    inlet.lead({ memory: () => memory, take: (bytes) => frames.push(bytes) });
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
