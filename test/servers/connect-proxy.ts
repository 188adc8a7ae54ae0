/** An HTTP proxy on loopback that tunnels (CONNECT) and remembers what it was asked for. */
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen } from './fault-server.ts';

export interface ConnectProxy {
  /** `http:` URL. */
  readonly url: string;
  /** `HOST:PORT` of each CONNECT so far, in order. */
  readonly targets: readonly string[];
  /** Proxy-Authorization of each CONNECT so far. */
  readonly credentials: readonly (string | undefined)[];
  /** Ends every connection, and resolves when all are gone. */
  close(): Promise<void>;
}

/** What the proxy does with a CONNECT: lets it through, answers with another status, or says nothing. */
export type ProxyBehaviour = 'tunnel' | 'silence' | { readonly status: number };

export async function startConnectProxy(behaviour: ProxyBehaviour = 'tunnel'): Promise<ConnectProxy> {
  const targets: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Either end may break off.
    socket.on('error', () => undefined);
  };
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connection', keep);
  server.on('connect', (request, client, head) => {
    const target = request.url ?? '';
    targets.push(target);
    credentials.push(request.headers['proxy-authorization']);
    if (behaviour === 'silence') return;
    if (behaviour !== 'tunnel') {
      client.end(`HTTP/1.1 ${behaviour.status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    keep(upstream);
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    targets,
    credentials,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
