/**
 * The least that a Node program can do for an exec, to tell what bounds the tool's own commands: one TLS connection, the
 * GET of the pod, the exec upgraded on the same connection, bytes passed on. No flags, no kubeconfig, no session, no guard
 * on the far side, no error handled, no mask over what is sent.
 * Words: CONNECTION POD CONTAINER none|stdin|tty COMMAND...; CONTAINER "+IMAGE" makes a container first.
 */
import { readFileSync, writeSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';

/** A file of this shape is what `CONNECTION` names. PEM texts. */
export interface LeastConnection {
  readonly hostname: string;
  readonly port: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly namespace: string;
}

const [file = '', pod = '', target = '', mode = 'none', ...command] = process.argv.slice(2);
const { namespace, ...connection } = JSON.parse(readFileSync(file, 'utf8')) as LeastConnection;
const agent = new Agent({ keepAlive: true, maxSockets: 2 });
const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;

function send(method: string, where: string, headers: Record<string, string> = {}): ClientRequest {
  return request({ ...connection, agent, method, path: where, headers });
}

async function bodyOf(asked: ClientRequest): Promise<string> {
  const answer = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve));
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += chunk;
  return body;
}

/** @returns the container's name, as soon as the kubelet says that it runs */
async function newContainer(image: string): Promise<string> {
  const name = `least-${process.pid}`;
  const patched = send('PATCH', `${path}/ephemeralcontainers`, {
    'content-type': 'application/strategic-merge-patch+json',
  });
  const container = { name, image, command: ['sleep', '60'], imagePullPolicy: 'Never' };
  patched.end(JSON.stringify({ spec: { ephemeralContainers: [container] } }));
  const { metadata } = JSON.parse(await bodyOf(patched)) as { metadata: { resourceVersion: string } };
  const query = new URLSearchParams({
    watch: '1',
    fieldSelector: `metadata.name=${pod}`,
    resourceVersion: metadata.resourceVersion,
  });
  const watched = send('GET', `/api/v1/namespaces/${namespace}/pods?${query}`);
  watched.end();
  const answer = await new Promise<IncomingMessage>((resolve) => watched.once('response', resolve));
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk;
    if (new RegExp(`"name":"${name}","state":\\{"running"`).test(text)) break;
  }
  return name;
}

/** One message with a channel's byte in front. A mask of zeros leaves the bytes as they are. */
function frame(channel: number, payload: Buffer): Buffer[] {
  const head = Buffer.alloc(15);
  head[0] = 0x82;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(payload.length + 1), 2);
  head[14] = channel;
  return [head, payload];
}

/** Passes on what comes on the channels of stdout and stderr. */
function passOn(socket: Socket, early: Buffer): void {
  let rest = early;
  let left = 0;
  let channel = 0;
  const take = (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (left > 0) {
        const part = rest.subarray(0, left);
        if (channel === 1 || channel === 2) write(channel, part);
        left -= part.length;
        rest = rest.subarray(part.length);
        if (left > 0) return;
      }
      if (rest.length < 2) return;
      const short = (rest[1] ?? 0) & 127;
      const size = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (rest.length < size + 1) return;
      if (((rest[0] ?? 0) & 15) === 8) process.exit(0);
      left = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
      channel = left > 0 ? (rest[size] ?? 0) : 0;
      rest = rest.subarray(size + (left > 0 ? 1 : 0));
      left = Math.max(0, left - 1);
    }
  };
  socket.on('data', take);
  take(Buffer.alloc(0));
}

function write(fd: number, part: Buffer): void {
  for (let at = 0; at < part.length; ) at += writeSync(fd, part, at);
}

function sendStdin(socket: Socket): void {
  if (mode === 'tty') process.stdin.setRawMode(true);
  process.stdin.on('data', (chunk: Buffer) => {
    for (const part of frame(0, chunk)) socket.write(part);
    if (!socket.writableNeedDrain) return;
    process.stdin.pause();
    socket.once('drain', () => process.stdin.resume());
  });
  process.stdin.on('end', () => {
    for (const part of frame(255, Buffer.from([0]))) socket.write(part);
  });
}

async function main(): Promise<void> {
  let container = target;
  if (target.startsWith('+')) container = await newContainer(target.slice(1));
  else {
    const asked = send('GET', path);
    asked.end();
    await bodyOf(asked);
  }
  const hasStdin = mode !== 'none';
  const query = new URLSearchParams([
    ['container', container],
    ['stdin', String(hasStdin)],
    ['stdout', 'true'],
    ['stderr', String(mode !== 'tty')],
    ['tty', String(mode === 'tty')],
    ...command.map((word): [string, string] => ['command', word]),
  ]);
  const upgrade = send('GET', `${path}/exec?${query}`, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'bGVhc3QtY2xpZW50LWtleQ==',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
  });
  upgrade.on('upgrade', (_answer, socket, early) => {
    socket.setNoDelay();
    passOn(socket, early);
    if (hasStdin) sendStdin(socket);
  });
  upgrade.end();
}

void main();
