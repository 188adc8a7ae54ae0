/** A server that takes connections and never says a word: whoever asks it waits. */
import { createServer, type Socket } from 'node:net';

export interface SilentServer {
  /** Ends every connection. */
  close(): Promise<void>;
}

/** @param address `HOST:PORT` */
export async function startSilentServer(address: string): Promise<SilentServer> {
  const [host = '', port = ''] = address.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Whoever asks may break off.
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), host, resolve);
  });
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
