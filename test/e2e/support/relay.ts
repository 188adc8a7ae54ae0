/** A way to the API server that a test can cut. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { apiPort, kubeconfig } from '../../cluster/paths.ts';

/** Passes connections of a loopback port on to the API server. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (near) => {
      const far = connect(apiPort, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        socket.on('error', () => this.#sockets.delete(socket));
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  static async start(): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server);
  }

  /** Writes a kubeconfig that goes through the relay. */
  writeKubeconfig(file: string): void {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay does not listen');
    const text = readFileSync(kubeconfig, 'utf8');
    writeFileSync(file, text.replaceAll(`127.0.0.1:${apiPort}`, `127.0.0.1:${address.port}`));
  }

  /** Resets all connections; new ones are still taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }
}
