/**
 * A crowd of pods in front of a real API server: each is the one real pod by another name. What an exec in the real pod
 * sent, and when, is recorded once and given again to whoever execs into one of the crowd, so that a thousand pods cost this
 * machine nothing but the client's own work. All else is passed on to the real server.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import type { Behind } from './api-front.ts';
import { listen } from './fault-server.ts';

/** What one exec sent: when, counted from its beginning in ms, and what. */
interface Message {
  readonly atMs: number;
  readonly data: Buffer;
}

/** An exec that was recorded. */
interface Recording {
  /** The name in its end mark, which each exec has of its own. */
  readonly id: string;
  readonly protocol: string;
  readonly messages: Message[];
  endMs: number;
}

interface CrowdOptions {
  readonly namespace: string;
  /** The real pod. */
  readonly pod: string;
  readonly count: number;
}

export class Crowd {
  readonly url: string;
  readonly #server: Server;
  readonly #behind: Behind;
  readonly #options: CrowdOptions;
  /** In the order in which the real pod was entered. */
  readonly #recordings: Recording[] = [];
  /** How many execs each of the crowd has had. */
  readonly #execs = new Map<string, number>();
  /** Requests beside execs, execs, and how many of these there were at the same time. */
  readonly counts = { requests: 0, execs: 0, atOnce: 0 };
  #running = 0;

  private constructor(server: Server, url: string, behind: Behind, options: CrowdOptions) {
    this.#server = server;
    this.url = url;
    this.#behind = behind;
    this.#options = options;
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => this.#answer(asked, answer));
    server.on('upgrade', (asked: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#exec(asked, socket, head),
    );
  }

  static async start(behind: Behind, options: CrowdOptions): Promise<Crowd> {
    const server = createServer();
    const port = await listen(server);
    return new Crowd(server, `http://127.0.0.1:${port}`, behind, options);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** How long the longest of the execs took that were recorded, in ms. */
  get recordedMs(): number {
    return this.#recordings.reduce((sum, { endMs }) => sum + endMs, 0);
  }

  #nameOf(number: number): string {
    return `crowd-${String(number).padStart(5, '0')}`;
  }

  /** Of the crowd: the path of the real pod, and the name that is meant. */
  #real(path: string): { readonly path: string; readonly name?: string } {
    const name = /\/pods\/(crowd-\d+)/.exec(path)?.[1];
    return name === undefined ? { path } : { path: path.replace(name, this.#options.pod), name };
  }

  #answer(asked: IncomingMessage, answer: ServerResponse): void {
    this.counts.requests++;
    const url = asked.url ?? '/';
    const { namespace } = this.#options;
    if (
      asked.method === 'GET' &&
      url.startsWith(`/api/v1/namespaces/${namespace}/pods?`) &&
      url.includes('crowd')
    ) {
      this.#list(answer);
      return;
    }
    const { path, name } = this.#real(url);
    const far = request(this.#to(asked, path), (response) => {
      if (name === undefined) {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const pod = JSON.parse(Buffer.concat(chunks).toString()) as object;
        answer.writeHead(response.statusCode ?? 502, { 'Content-Type': 'application/json' });
        answer.end(JSON.stringify(renamed(pod, name)));
      });
    });
    far.on('error', () => answer.destroy());
    asked.pipe(far);
  }

  #list(answer: ServerResponse): void {
    const { namespace, pod, count } = this.#options;
    const { port, ca, cert, key } = this.#behind;
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
    request({ host: '127.0.0.1', port, ca, cert, key, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const one = JSON.parse(Buffer.concat(chunks).toString()) as object;
        const items = Array.from({ length: count }, (_, i) => renamed(one, this.#nameOf(i)));
        answer.writeHead(200, { 'Content-Type': 'application/json' });
        answer.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items }));
      });
    }).end();
  }

  #to({ method, headers }: IncomingMessage, path: string): RequestOptions {
    const { port, ca, cert, key } = this.#behind;
    // What comes back is read here.
    const { 'accept-encoding': _encoding, ...rest } = headers;
    return { host: '127.0.0.1', port, ca, cert, key, method, path, headers: rest, agent: false };
  }

  #exec(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = asked.url ?? '/';
    const { name } = this.#real(url);
    const words = new URL(url, this.url).searchParams.getAll('command');
    const id = words[words.indexOf('own') + 1] ?? '';
    if (name === undefined) this.#record(asked, socket, head, id);
    else this.#replay(asked, socket, head, { name, id });
  }

  /** Of the real pod. */
  #record(asked: IncomingMessage, socket: Duplex, head: Buffer, id: string): void {
    const { port, ca, cert, key } = this.#behind;
    const protocols = String(asked.headers['sec-websocket-protocol'] ?? '').split(/, */);
    const far = new WebSocket(`wss://127.0.0.1:${port}${asked.url}`, protocols, { ca, cert, key });
    const began = performance.now();
    far.on('error', () => socket.destroy());
    far.on('open', () => {
      const recording: Recording = { id, protocol: far.protocol, messages: [], endMs: 0 };
      this.#recordings.push(recording);
      accept(asked, socket, head, far.protocol, (near) => {
        far.on('message', (data: Buffer) => {
          recording.messages.push({ atMs: performance.now() - began, data });
          near.send(data);
        });
        far.on('close', () => {
          recording.endMs = performance.now() - began;
          near.close();
        });
        near.on('message', (data: Buffer) => far.readyState === far.OPEN && far.send(data));
        near.on('close', () => far.close());
      });
    });
  }

  #replay(
    asked: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { name, id }: { readonly name: string; readonly id: string },
  ): void {
    const at = this.#execs.get(name) ?? 0;
    this.#execs.set(name, at + 1);
    const recording = this.#recordings[at % this.#recordings.length];
    if (recording === undefined) throw new Error('nothing was recorded');
    this.counts.execs++;
    this.counts.atOnce = Math.max(this.counts.atOnce, ++this.#running);
    accept(asked, socket, head, recording.protocol, (near) => {
      near.on('message', () => undefined);
      near.on('close', () => this.#running--);
      void replay(near, recording, id);
    });
  }
}

/** In their order, however busy this machine is: two timers of the same millisecond may fire in any. */
async function replay(
  near: WebSocket,
  { messages, endMs, id: recorded }: Recording,
  id: string,
): Promise<void> {
  const began = performance.now();
  const until = (ms: number): Promise<void> => sleep(Math.max(0, ms - (performance.now() - began)));
  for (const { atMs, data } of messages) {
    await until(atMs);
    near.send(withId(data, recorded, id));
  }
  await until(endMs);
  near.close();
}

function accept(
  asked: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
  work: (near: WebSocket) => void,
): void {
  new WebSocketServer({ noServer: true, handleProtocols: () => protocol }).handleUpgrade(
    asked,
    socket,
    head,
    work,
  );
}

/** Both are as long. */
function withId(data: Buffer, recorded: string, own: string): Buffer {
  const at = recorded === '' ? -1 : data.indexOf(recorded);
  if (at < 0) return data;
  const copy = Buffer.from(data);
  copy.write(own, at, 'latin1');
  return copy;
}

function renamed(pod: object, name: string): object {
  const { metadata } = pod as { metadata: object };
  return { ...pod, metadata: { ...metadata, name, uid: name } };
}
