/**
 * A small OCI registry (distribution-spec v1.1, pull only) with one image, and with the ways in which a registry lets
 * a pull fail. What it does is chosen by the repository's name:
 *
 *   app:1             the image: busybox with a few of its tools
 *   slow:1            the same, but its layer trickles until {@link TestRegistry.release} is called
 *   guarded/app:1     the image, for who has {@link CREDENTIALS}; guarded/nettools:dev is the same
 *   private/…         401, and no credentials are good
 *   everything else   404
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../cluster/proc.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

const TOOLS = ['cat', 'echo', 'head', 'kill', 'ps', 'sh', 'sleep', 'true'];
/** A trickling layer sends a byte this often, in ms: the client sees that something comes, and never enough. */
const TRICKLE_MS = 200;

/** A user and a password that this registry takes. */
export const CREDENTIALS = { username: 'puller', password: 'let-me-in' } as const;
const AUTHORIZED = `Basic ${Buffer.from(Object.values(CREDENTIALS).join(':')).toString('base64')}`;

interface Blob {
  readonly type: string;
  readonly bytes: Buffer;
  readonly digest: string;
}

interface Image {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layer: Blob;
}

function blob(type: string, bytes: Buffer): Blob {
  return { type, bytes, digest: sha256(bytes) };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function descriptor({ type, bytes, digest }: Blob): object {
  return { mediaType: type, size: bytes.length, digest };
}

/** Builds the image anew, with something random in it: no node has its layer already. */
async function buildImage(): Promise<Image> {
  const root = mkdtempSync(join(tmpdir(), 'nettools-registry-'));
  try {
    mkdirSync(join(root, 'bin'));
    mkdirSync(join(root, 'tmp'));
    copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
    for (const tool of TOOLS) symlinkSync('busybox', join(root, 'bin', tool));
    writeFileSync(join(root, 'build-id'), randomBytes(16).toString('hex'));
    const archive = `${root}.tar`;
    await run(['tar', '--sort=name', '--owner=0', '--group=0', '-C', root, '-cf', archive, '.']);
    const tar = readFileSync(archive);
    rmSync(archive);
    const layer = blob(LAYER, gzipSync(tar, { level: 1 }));
    const config = blob(
      CONFIG,
      Buffer.from(
        JSON.stringify({
          architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
          os: 'linux',
          config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
          rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
        }),
      ),
    );
    const manifest = blob(
      MANIFEST,
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MANIFEST,
          config: descriptor(config),
          layers: [descriptor(layer)],
        }),
      ),
    );
    return { manifest, config, layer };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A running registry. */
export class TestRegistry {
  /** `HOST:PORT`, as it stands before an image's name. */
  readonly address: string;
  readonly #server: Server;
  readonly #images: ReadonlyMap<string, Image>;
  readonly #onRelease: (() => void)[] = [];
  #released = false;

  private constructor(address: string, server: Server, images: ReadonlyMap<string, Image>) {
    this.address = address;
    this.#server = server;
    this.#images = images;
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response),
    );
  }

  /** Starts a registry. @param address `HOST:PORT`; both nodes of the test cluster pull from one address by http */
  static async start(address: string): Promise<TestRegistry> {
    const [host = '', port = ''] = address.split(':');
    const guarded = await buildImage();
    const images = new Map([
      ['app', await buildImage()],
      ['slow', await buildImage()],
      ['guarded/app', guarded],
      // As a mirror of the image that a build of the sources names by default.
      ['guarded/nettools', guarded],
    ]);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(Number(port), host, resolve);
    });
    return new TestRegistry(address, server, images);
  }

  /** Lets trickling layers come at full speed from now on. */
  release(): void {
    this.#released = true;
    for (const go of this.#onRelease.splice(0)) go();
  }

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', 'http://registry').pathname;
    const [, name = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
    const image = this.#images.get(name);
    const found = image && lookUp(image, kind, reference);
    if (path === '/v2/') response.end('{}');
    else if (
      name.startsWith('private/') ||
      (name.startsWith('guarded/') && request.headers.authorization !== AUTHORIZED)
    ) {
      response.setHeader('WWW-Authenticate', 'Basic realm="nettools test registry"');
      refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
    } else if (!image) refuse(response, 404, 'NAME_UNKNOWN', 'repository unknown');
    else if (!found) {
      refuse(response, 404, kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN', `${kind} unknown`);
    } else this.#serve(request, response, found, name === 'slow' && found === image.layer);
  }

  #serve(request: IncomingMessage, response: ServerResponse, found: Blob, isSlow: boolean): void {
    response.writeHead(200, {
      'Content-Type': found.type,
      'Content-Length': found.bytes.length,
      'Docker-Content-Digest': found.digest,
    });
    if (request.method === 'HEAD') response.end();
    else if (isSlow && !this.#released) this.#trickle(response, found.bytes);
    else response.end(found.bytes);
  }

  #trickle(response: ServerResponse, bytes: Buffer): void {
    let sent = 0;
    const timer = setInterval(() => {
      if (sent < bytes.length - 1) response.write(bytes.subarray(sent, ++sent));
    }, TRICKLE_MS);
    response.on('close', () => clearInterval(timer));
    this.#onRelease.push(() => {
      clearInterval(timer);
      if (!response.destroyed) response.end(bytes.subarray(sent));
    });
  }
}

/** A manifest by one of its tags, or any part by its digest. */
function lookUp({ manifest, config, layer }: Image, kind: string, reference: string): Blob | undefined {
  if (kind === 'manifests' && (reference === '1' || reference === 'dev')) return manifest;
  return [manifest, config, layer].find(({ digest }) => digest === reference);
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}
