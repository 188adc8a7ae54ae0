/**
 * What stands in front of a real API server and behaves badly: it holds answers back, and ends watches early. It speaks
 * plain HTTP to the client on loopback, and is the administrator to the server, so that the rest is the real thing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './fault-server.ts';

/** The server behind, and who the front is to it: PEM each. */
export interface Behind {
  readonly port: number;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How a watch ends before its time. */
export type WatchEnd = 'closed' | 'reset';

export class ApiFront {
  readonly #server: Server;
  readonly #behind: Behind;
  readonly url: string;
  /** Milliseconds for which each request waits before it is passed on. May be changed at any time. */
  delayMs = 0;
  /** After how many milliseconds each watch ends, and how; open ones too, from when this is set. */
  #watches: { readonly afterMs: number; readonly end: WatchEnd } | undefined;
  readonly #open = new Set<() => void>();

  /** The text of a kubeconfig that leads here. */
  get kubeconfig(): string {
    const name = 'front';
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: this.url } }],
      users: [{ name, user: {} }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    });
  }
  /** Watches that were ended early, requests that were held back, streams that were opened, and requests beside them. */
  readonly counts = { cut: 0, held: 0, streams: 0, requests: 0 };

  private constructor(server: Server, url: string, behind: Behind) {
    this.#server = server;
    this.url = url;
    this.#behind = behind;
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => void this.#pass(asked, answer));
    server.on(
      'upgrade',
      (asked: IncomingMessage, near: Duplex, head: Buffer) => void this.#upgrade(asked, near, head),
    );
  }

  static async start(behind: Behind): Promise<ApiFront> {
    const server = createServer();
    const port = await listen(server);
    return new ApiFront(server, `http://127.0.0.1:${port}`, behind);
  }

  /** Ends every watch `afterMs` after it began, those that are open now after that time too. */
  cutWatches(afterMs: number, end: WatchEnd): void {
    this.#watches = { afterMs, end };
    for (const cut of this.#open) setTimeout(cut, afterMs).unref();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #to(asked: IncomingMessage): RequestOptions {
    const { port, ca, cert, key } = this.#behind;
    const { method, url: path, headers } = asked;
    return { host: '127.0.0.1', port, ca, cert, key, method, path, headers, agent: false };
  }

  async #hold(): Promise<void> {
    if (this.delayMs === 0) return;
    this.counts.held++;
    await sleep(this.delayMs, undefined, { ref: false });
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.counts.requests++;
    await this.#hold();
    const far = request(this.#to(asked), (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      if (new URL(asked.url ?? '/', this.url).searchParams.has('watch')) this.#watch(response, answer);
    });
    far.on('error', () => answer.destroy());
    answer.on('close', () => far.destroy());
    asked.pipe(far);
  }

  #watch(response: IncomingMessage, answer: ServerResponse): void {
    // The head is sent at once, as the real server does, not with the first event.
    answer.flushHeaders();
    const cut = (): void => {
      if (answer.destroyed || answer.writableEnded) return;
      this.counts.cut++;
      response.unpipe(answer);
      if (this.#watches?.end === 'reset') answer.socket?.resetAndDestroy();
      else answer.end();
    };
    this.#open.add(cut);
    answer.on('close', () => this.#open.delete(cut));
    if (this.#watches !== undefined) setTimeout(cut, this.#watches.afterMs).unref();
  }

  async #upgrade(asked: IncomingMessage, near: Duplex, head: Buffer): Promise<void> {
    near.on('error', () => undefined);
    await this.#hold();
    const far = request(this.#to(asked));
    far.on('error', () => near.destroy());
    far.on('response', (response) => {
      near.write(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\nConnection: close\r\n\r\n`);
      response.pipe(near);
    });
    far.on('upgrade', (response, socket, first) => {
      const lines = response.rawHeaders.flatMap((word, i, all) =>
        i % 2 === 0 ? [`${word}: ${all[i + 1]}`] : [],
      );
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      if (first.length > 0) near.write(first);
      if (head.length > 0) socket.write(head);
      socket.on('error', () => near.destroy());
      near.on('close', () => socket.destroy());
      socket.on('close', () => near.destroy());
      this.counts.streams++;
      near.pipe(socket);
      socket.pipe(near);
    });
    far.end();
  }
}
