/**
 * An API server on loopback, with the faults that a real one cannot be made to show on request: it pages lists, knows
 * tokens, forgets `continue` tokens, and answers the next requests with whatever it is told.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { Certificate } from './certificates.ts';
import { ExecPeer, listen } from './fault-server.ts';

/** What becomes of one request instead of an answer. */
export type Fault =
  | {
      readonly status: number;
      readonly retryAfter?: string;
      readonly reason?: string;
      /** Instead of a Status with the reason. */
      readonly body?: object;
    }
  /** The connection is reset before anything is said. */
  | 'reset'
  /** The body ends before the length that was announced. */
  | 'cut'
  /** The body begins and does not go on. */
  | 'stuck';

/** What a watch sends, and how it ends. */
export interface WatchScript {
  readonly events: readonly object[];
  readonly end: 'closed' | 'reset' | 'open';
}

interface ListedObject {
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

interface Options {
  /** The objects of each list, by the list's path. */
  readonly lists?: Readonly<Record<string, readonly ListedObject[]>>;
  /** What requests of these paths meet each time. */
  readonly faults?: Readonly<Record<string, Fault>>;
  /** Bearer tokens that are accepted; without them everybody is. May be changed at any time. */
  readonly tokens?: Set<string>;
  /** What becomes of an exec stream that is accepted; without it, its command has ended well. */
  readonly exec?: (peer: ExecPeer) => unknown;
  /** Speaks TLS with it. */
  readonly certificate?: Certificate;
}

export interface ApiServer {
  readonly url: string;
  /** `METHOD URL` of every request so far, exec upgrades included. */
  readonly requests: readonly string[];
  readonly seen: readonly IncomingMessage[];
  /** The common name of the client certificate of each request; `undefined`: it showed none. */
  readonly certificates: readonly (string | undefined)[];
  /** The next requests meet these, one each. */
  meet(...faults: readonly Fault[]): void;
  /** The next watches are these; after them a watch stays open and says nothing. */
  watches(...scripts: readonly WatchScript[]): void;
  /** Every `continue` token given out so far is too old. */
  compact(): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

export async function startApiServer(options: Options = {}): Promise<ApiServer> {
  const { lists = {}, faults: lasting = {}, tokens, certificate, exec = endWell } = options;
  const seen: IncomingMessage[] = [];
  const certificates: (string | undefined)[] = [];
  const faults: Fault[] = [];
  const scripts: WatchScript[] = [];
  const connections = new Set<Socket>();
  let revision = 1;

  const isAccepted = ({ headers }: IncomingMessage): boolean =>
    tokens === undefined || tokens.has(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push(request);
    const shown = request.socket instanceof TLSSocket && request.socket.getPeerCertificate().subject?.CN;
    certificates.push(shown ? String(shown) : undefined);
    request.resume();
    const url = new URL(request.url ?? '/', 'http://x');
    const fault = faults.shift() ?? lasting[url.pathname];
    const list = lists[url.pathname];
    const one = Object.entries(lists).flatMap(([path, all]) =>
      all.filter(({ metadata }) => url.pathname === `${path}/${metadata.name}`),
    )[0];
    if (fault !== undefined) misbehave(fault, request, response);
    else if (!isAccepted(request)) refuse(response, 401, 'Unauthorized');
    else if (request.method !== 'GET') json(response, { kind: 'Status', status: 'Success' });
    else if (url.searchParams.get('watch') === 'true') watch(response, scripts.shift());
    else if (list) page(list, url.searchParams, request, response);
    else if (one) json(response, one);
    else refuse(response, 404, 'NotFound');
  };

  const page = (
    list: readonly ListedObject[],
    query: URLSearchParams,
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): void => {
    const limit = Number(query.get('limit') ?? list.length);
    const [since = revision, from = 0] = (query.get('continue') ?? '').split('-').filter(Boolean).map(Number);
    const items = list.slice(from, from + limit);
    const end = from + items.length;
    const isPartial = headers.accept?.includes('as=PartialObjectMetadataList') === true;
    const metadata = {
      resourceVersion: String(revision),
      ...(end < list.length ? { continue: `${revision}-${end}` } : {}),
    };
    if (since !== revision) refuse(response, 410, 'Expired');
    else if (isPartial)
      json(response, { metadata, items: items.map((item) => ({ metadata: item.metadata })) });
    else json(response, { metadata, items });
  };

  const server: Server = certificate
    ? createTlsServer(
        { cert: certificate.cert, key: certificate.key, requestCert: true, rejectUnauthorized: false },
        answer,
      )
    : createServer(answer);
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (connection: Socket) => {
      connections.add(connection);
      connection.on('close', () => connections.delete(connection));
      connection.on('error', () => undefined);
    });
  }
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    seen.push(request);
    if (!isAccepted(request)) {
      connection.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' }).handleUpgrade(
      request,
      connection,
      head,
      (socket) => exec(new ExecPeer(socket, connection as Socket)),
    );
  });
  const port = await listen(server);
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    certificates,
    get requests() {
      return seen.map(({ method, url }) => `${method} ${url}`);
    },
    meet: (...more) => void faults.push(...more),
    watches: (...more) => void scripts.push(...more),
    compact: () => void revision++,
    close: async () => {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function endWell(peer: ExecPeer): void {
  void peer.exit(0).then(() => peer.close());
}

function json(response: ServerResponse, body: object): void {
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, code: number, reason: string): void {
  const status = { kind: 'Status', status: 'Failure', code, reason, message: `the server said ${reason}` };
  response.statusCode = code;
  json(response, status);
}

function misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (fault === 'reset') {
    request.socket.resetAndDestroy();
  } else if (typeof fault === 'string') {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('{"items":[', () => {
      if (fault === 'cut') response.destroy();
    });
  } else {
    if (fault.retryAfter !== undefined) response.setHeader('Retry-After', fault.retryAfter);
    if (fault.body !== undefined) json(response.writeHead(fault.status), fault.body);
    else
      refuse(
        response,
        fault.status,
        fault.reason ?? (fault.status === 403 ? 'Forbidden' : `Fault${fault.status}`),
      );
  }
}

function watch(response: ServerResponse, { events, end }: WatchScript = { events: [], end: 'open' }): void {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
  if (end === 'closed') response.end(lines);
  else response.write(lines, () => end === 'reset' && response.destroy());
}
