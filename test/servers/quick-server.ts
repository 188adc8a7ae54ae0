/**
 * A web server that takes as many connections as come, in both families: `node quick-server.ts PORT`, run in a pod's network
 * namespace.
 */
import { createServer } from 'node:http';

createServer((_asked, answer) => answer.end('ok\n')).listen({
  port: Number(process.argv[2]),
  host: '::',
  // The kernel cuts it to net.core.somaxconn.
  backlog: 4096,
});
