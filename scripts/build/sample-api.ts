import http from 'node:http';
import https from 'node:https';
import type { OnReadOpts } from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import tls from 'node:tls';
import { WebSocketServer } from 'ws';

// An API server with one pod, in which every container starts at once and every command ends well: what a code cache is
// made with has to run the code that it is for. It is reached without a network, by which things would come about in
// another order each time, and the cache would be another one.

/** The pod's name; it is in the namespace `default`. */
export const samplePod = 'sample';

interface Container {
  readonly name: string;
}

/** Where it is, as a kubeconfig says it. */
export const sampleServer = 'https://sample.invalid';

/** Runs `work` with all connections of node:https and of node:tls led to the server, without TLS. */
export async function withSampleApi(work: () => Promise<void>): Promise<void> {
  const server = sampleApi();
  const agent: { createConnection: unknown } = https.Agent.prototype;
  const module: { connect: unknown } = tls;
  const { createConnection } = agent;
  const { connect } = module;
  agent.createConnection = module.connect = ({ onread }: { readonly onread?: OnReadOpts }): Duplex => {
    const [near, far] = duplexPair();
    server.emit('connection', asSocket(far));
    return onread === undefined ? asSocket(near) : readInto(onread, near);
  };
  try {
    await work();
  } finally {
    agent.createConnection = createConnection;
    module.connect = connect;
    server.closeAllConnections();
  }
}

/** A socket whose bytes come as those of one with `onread`. */
function readInto({ buffer, callback }: OnReadOpts, near: Duplex): Duplex {
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk, encoding, done) => void near.write(chunk, encoding, done),
    final: (done) => void near.end(done),
  });
  near.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const memory = typeof buffer === 'function' ? buffer() : buffer;
      const size = chunk.copy(memory, 0, at);
      at += size;
      callback(size, memory);
    }
  });
  near.on('end', () => socket.push(null));
  return asSocket(socket);
}

/** With what node:http asks of a socket beyond a stream. */
function asSocket(stream: Duplex): Duplex {
  const same = (): Duplex => stream;
  return Object.assign(stream, {
    setKeepAlive: same,
    setNoDelay: same,
    setTimeout: same,
    ref: same,
    unref: same,
  });
}

function sampleApi(): http.Server {
  const containers: Container[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(answer(request, Buffer.concat(chunks).toString(), containers)));
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (stream) => {
      const words = new URL(request.url ?? '', sampleServer).searchParams.getAll('command');
      // sh -c SCRIPT nettools MODE ID: what guard.sh says at the end of a command.
      const end = `\u001e${words[5] ?? ''}\u001f0\u001e`;
      for (const channel of [1, 2]) stream.send(Buffer.from([channel, ...Buffer.from(end)]));
      stream.send(Buffer.from([3, ...Buffer.from('{"status":"Success"}')]));
      stream.close();
    });
  });
  return server;
}

function answer({ method, url = '' }: http.IncomingMessage, body: string, containers: Container[]): object {
  if (url.includes('selfsubjectaccessreviews')) return { status: { allowed: true } };
  if (url.includes('/pods?')) return { items: [{ metadata: { name: samplePod } }] };
  const pod = (added: readonly Container[]): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: samplePod, namespace: 'default', uid: 'sample', resourceVersion: '1' },
    spec: { nodeName: 'sample', containers: [{ name: 'app' }], ephemeralContainers: added },
    status: {
      phase: 'Running',
      podIP: '192.0.2.1',
      containerStatuses: [{ name: 'app', state: { running: {} } }],
      ephemeralContainerStatuses: added.map(({ name }) => ({ name, state: { running: {} } })),
    },
  });
  if (method !== 'PATCH') return pod(containers);
  const { spec } = JSON.parse(body) as { spec: { ephemeralContainers: Container[] } };
  if (url.includes('dryRun')) return pod(spec.ephemeralContainers);
  containers.push(...spec.ephemeralContainers);
  return pod(containers);
}
