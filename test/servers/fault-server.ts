/**
 * The server's side of an exec stream on loopback, with the faults that a real API server cannot be made to show.
 * A behaviour is what the server does with one upgrade request: accept it and act, or answer something else.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** The server's end of one accepted stream. */
export class ExecPeer {
  /** All bytes of stdin so far, and whether its end was announced. */
  readonly stdin: Buffer[] = [];
  stdinClosed = false;
  /** Whole messages of every other channel, in order. */
  readonly others: Buffer[] = [];
  /** Payloads of the pings so far. */
  readonly pings: Buffer[] = [];
  closed = false;
  readonly protocol: string;
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  #onStdin: ((chunk: Buffer) => void) | undefined;
  #onStdinClose: (() => void) | undefined;

  constructor(socket: WebSocket, connection: Socket) {
    this.#socket = socket;
    this.#connection = connection;
    this.protocol = socket.protocol;
    socket.on('message', (message: Buffer) => this.#receive(message));
    socket.on('ping', (data: Buffer) => this.pings.push(data));
    socket.on('close', () => {
      this.closed = true;
    });
    // A client that breaks off is what many tests are about.
    socket.on('error', () => undefined);
  }

  #receive(message: Buffer): void {
    if (message[0] === 0) {
      this.stdin.push(message.subarray(1));
      this.#onStdin?.(message.subarray(1));
    } else if (message[0] === 255 && message[1] === 0) {
      this.stdinClosed = true;
      this.#onStdinClose?.();
    } else {
      this.others.push(message);
    }
  }

  onStdin(listener: (chunk: Buffer) => void): void {
    this.#onStdin = listener;
  }

  onStdinClose(listener: () => void): void {
    this.#onStdinClose = listener;
  }

  /** Sends one message; resolves when the kernel has taken it. */
  send(channel: number, data: Uint8Array | string): Promise<void> {
    const message = Buffer.concat([Buffer.of(channel), Buffer.from(data)]);
    return new Promise((resolve) => this.#socket.send(message, () => resolve()));
  }

  /** Sends a message without a channel byte. */
  sendRaw(message: Uint8Array | string): void {
    this.#socket.send(message);
  }

  /** Writes below the WebSocket: what is no frame. */
  writeBytes(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  exit(code = 0): Promise<void> {
    const failure = {
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    };
    return this.send(3, JSON.stringify(code === 0 ? { status: 'Success' } : failure));
  }

  ping(data: string): void {
    this.#socket.ping(data);
  }

  onPong(listener: (data: string) => void): void {
    this.#socket.on('pong', (data: Buffer) => listener(data.toString()));
  }

  /** A pong, be it to no ping. */
  pong(data: string): void {
    this.#socket.pong(data);
  }

  close(code = 1000, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** Breaks the connection without a closing handshake. */
  destroy(): void {
    this.#connection.destroy();
  }

  /** Stops reading: nothing that the client sends is seen, and no ping is answered. */
  stall(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Bytes sent that the kernel has not taken. */
  get buffered(): number {
    return this.#socket.bufferedAmount;
  }
}

export type Behaviour =
  | {
      readonly accept: (peer: ExecPeer) => unknown;
      /** What the server speaks, best first; without it both protocols. */
      readonly protocols?: readonly string[];
    }
  | { readonly answer: (connection: Duplex, request: IncomingMessage) => unknown };

/** An HTTP answer to the upgrade request. */
export function refuse(status: number, body: string, contentType = 'application/json'): Behaviour {
  return {
    answer: (connection) =>
      connection.end(
        `HTTP/1.1 ${status} Refused\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
          `Connection: close\r\n\r\n${body}`,
      ),
  };
}

export interface FaultServer {
  /** `ws:` URL. */
  readonly url: string;
  /** Accepted streams so far. */
  readonly peers: readonly ExecPeer[];
  readonly requests: readonly IncomingMessage[];
  /** Ends every connection, and resolves when all are gone. */
  close(): Promise<void>;
}

/**
 * Starts a server that treats each upgrade request as `behaviour` says, the same for all or chosen by request.
 * @param answer what other requests get; else 404
 */
export async function startFaultServer(
  behaviour: Behaviour | ((request: IncomingMessage) => Behaviour),
  answer: RequestListener = (_request, response) => response.writeHead(404).end(),
): Promise<FaultServer> {
  const peers: ExecPeer[] = [];
  const requests: IncomingMessage[] = [];
  const connections = new Set<Socket>();
  const choose = typeof behaviour === 'function' ? behaviour : () => behaviour;
  const http = createServer(answer);
  http.on('connection', (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => undefined);
  });
  http.on('upgrade', (request, connection, head) => {
    requests.push(request);
    const chosen = choose(request);
    if ('answer' in chosen) {
      chosen.answer(connection, request);
      return;
    }
    const { accept, protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] } = chosen;
    const handleProtocols = (offered: Set<string>): string | false =>
      protocols.find((protocol) => offered.has(protocol)) ?? false;
    new WebSocketServer({ noServer: true, handleProtocols }).handleUpgrade(
      request,
      connection,
      head,
      (socket) => {
        const peer = new ExecPeer(socket, connection as Socket);
        peers.push(peer);
        accept(peer);
      },
    );
  });
  const port = await listen(http);
  return {
    url: `ws://127.0.0.1:${port}/exec`,
    peers,
    requests,
    close: async () => {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Listens on a free port of loopback. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A port of loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect(port, '127.0.0.1', () => resolve(false));
    probe.on('error', () => resolve(true));
  });
  if (!refused) throw new Error(`somebody listens on port ${port}`);
  return port;
}
