/**
 * Metrics for a scraper, over HTTP. It answers GET and HEAD of /metrics and nothing else, reads no body, and keeps few
 * connections for a short time: a client that is slow, silent or one of many costs nothing that grows.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { UserError } from '../model/errors.ts';
import type { ListenAddress } from '../model/exposition.ts';
import { socketAddress } from '../model/socket-address.ts';

/** Prometheus 3 refuses an answer that does not say its format. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** A pair of Prometheus servers and a person take three. More are closed at once. */
const MOST_CONNECTIONS = 16;
/** Longer than the usual scrape_interval of a minute: its connection is used again. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 5_000;
/** Without a byte, a connection is given up: who reads nothing of its answer keeps its memory no longer. */
const SILENCE_MS = KEEP_ALIVE_MS + 5_000;
const MOST_HEADER_BYTES = 8 * 1024;
/** No path of ours is longer; what is, is not parsed. */
const PATH = /^\/metrics(?:\?.{0,1000})?$/;

export interface MetricsServer {
  /** With the port that it has: `http://127.0.0.1:9464/metrics`. */
  readonly url: string;
  /** Resolves when nothing listens and no connection is left. */
  close(): Promise<void>;
}

/**
 * @param snapshot the text as it is now, in Prometheus' text format
 * @throws {UserError} exit 3: the address cannot be listened at
 */
export async function serveMetrics(address: ListenAddress, snapshot: () => string): Promise<MetricsServer> {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: HEADERS_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: MOST_HEADER_BYTES,
      insecureHTTPParser: false,
    },
    (request, response) => answer(request, response, snapshot),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(SILENCE_MS);
  server.on('clientError', (_error, socket) => {
    socket.destroy();
  });
  await listening(server, address);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    url: `http://${socketAddress(address.host, port)}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, snapshot: () => string): void {
  const { method = '', url = '' } = request;
  // A body is never read: its connection ends with the answer.
  const hasBody =
    request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  if (hasBody) response.setHeader('connection', 'close');
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    end(response, 405, 'Only GET and HEAD.\n');
    return;
  }
  if (!PATH.test(url)) {
    end(response, 404, 'Metrics are at /metrics.\n');
    return;
  }
  let text: string;
  try {
    text = snapshot();
  } catch {
    end(response, 500, 'The metrics could not be made.\n');
    return;
  }
  end(response, 200, text, CONTENT_TYPE);
}

function end(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

async function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, ipv6Only: false, exclusive: true }, () => {
        server.off('error', reject);
        // That one connection could not be taken is not the end of the program.
        server.on('error', () => undefined);
        resolve();
      });
    });
  } catch (error) {
    throw new UserError(`metrics cannot be served at ${socketAddress(host, port)}: ${reasonOf(error)}.`, 3, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return 'something else listens there';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'EACCES':
      return 'that port takes rights that this program does not have';
    case 'EAFNOSUPPORT':
      return 'this machine has no addresses of that family';
    default:
      return message;
  }
}
