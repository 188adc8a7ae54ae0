/**
 * The API server as that of a cluster of two families: the test cluster has IPv4 alone, so this adds to pods the IPv6
 * addresses that a test has given them, in what the API says of them. All else passes as it is.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestOptions, type Server } from 'node:http';
import { request } from 'node:https';
import { apiPort } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';

interface PodLike {
  readonly metadata?: { readonly name?: string };
  readonly status?: { readonly podIP?: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

/** Plain HTTP on loopback, as `kubectl proxy` has it. */
export class DualFront {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param addresses an IPv6 address by a pod's name
   * @param isAlone a pod has no other address then, as in a cluster of IPv6 alone
   */
  static async start(
    namespace: string,
    addresses: ReadonlyMap<string, string>,
    isAlone = false,
  ): Promise<DualFront> {
    const server = createServer((near, answer) => {
      const url = near.url ?? '';
      const isPods = new RegExp(`^/api/v1/namespaces/${namespace}/pods(/[^/?]+)?(\\?|$)`).test(url);
      const isRead = near.method === 'GET' && isPods && !url.includes('watch=');
      const far = request(upstream(near), (response) => {
        if (!isRead || response.statusCode !== 200) {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(answer);
          return;
        }
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const object = JSON.parse(Buffer.concat(chunks).toString('utf8')) as PodLike & {
            items?: PodLike[];
          };
          const given = object.items
            ? { ...object, items: object.items.map((pod) => withAddress(pod, addresses, isAlone)) }
            : withAddress(object, addresses, isAlone);
          answer.writeHead(200, { 'content-type': 'application/json' });
          answer.end(JSON.stringify(given));
        });
      });
      far.on('error', () => answer.destroy());
      near.pipe(far);
    });
    server.on('upgrade', (near, socket, head) => {
      const far = request(upstream(near));
      far.on('upgrade', (response, farSocket, farHead) => {
        const headers = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`);
        socket.write(farHead);
        farSocket.write(head);
        for (const end of [socket, farSocket]) end.on('error', () => end.destroy());
        socket.pipe(farSocket);
        farSocket.pipe(socket);
      });
      far.on('response', () => socket.destroy());
      far.on('error', () => socket.destroy());
      far.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new DualFront(server);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the front does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function upstream({ method, url, headers }: IncomingMessage): RequestOptions {
  const { 'accept-encoding': _zip, authorization: _user, ...rest } = headers;
  return {
    host: '127.0.0.1',
    port: apiPort,
    method: method ?? 'GET',
    path: url ?? '/',
    headers: { ...rest, host: `127.0.0.1:${apiPort}` },
    agent: false,
    ca: readFileSync(certificate('ca')),
    cert: readFileSync(certificate('admin')),
    key: readFileSync(privateKey('admin')),
  } as RequestOptions;
}

function withAddress(pod: PodLike, addresses: ReadonlyMap<string, string>, isAlone: boolean): PodLike {
  const ip = addresses.get(pod.metadata?.name ?? '');
  const all = pod.status?.podIPs;
  if (ip === undefined || all === undefined) return pod;
  return isAlone
    ? { ...pod, status: { ...pod.status, podIP: ip, podIPs: [{ ip }] } }
    : { ...pod, status: { ...pod.status, podIPs: [...all, { ip }] } };
}
