import { expect, it } from 'vitest';
import { socketsTables } from '../../../../src/checks/sockets/tables.ts';

it('has a row for each socket that listens', () => {
  const tcp = { protocol: 'tcp', address: '127.0.0.1', port: 80, process: 'nginx', waiting: 3, backlog: 511 };
  const udp = { protocol: 'udp', address: '0.0.0.0', port: 53, process: null, waiting: null, backlog: null };
  const listeners = [
    { ...tcp, loopbackOnly: true, expectedBy: ['svc/web', 'containerPort http'] },
    { ...udp, loopbackOnly: false, expectedBy: [] },
  ];
  expect(socketsTables({ listeners })[0]?.rows).toEqual([
    ['tcp/80', '127.0.0.1 (loopback)', 'nginx', '3', '511', 'svc/web, containerPort http'],
    ['udp/53', '0.0.0.0', '-', '-', '-', '-'],
  ]);
});
