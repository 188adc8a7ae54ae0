import { expect, it } from 'vitest';
import { dockerTables } from '../../../../src/checks/docker/tables.ts';

it('has the networks, then the published ports', () => {
  const network = { name: 'lan', driver: 'bridge', gateway: '198.18.144.1', internal: false };
  const tables = dockerTables({
    networks: [
      { ...network, subnets: ['198.18.144.0/24', 'fd00::/64'], addresses: ['198.18.144.2'] },
      { ...network, name: 'dark', subnets: [], gateway: '', addresses: [''], internal: true },
    ],
    published: [{ port: 8080, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 18080 }],
  });
  expect(tables.map(({ rows }) => rows)).toEqual([
    [
      ['lan', 'bridge', '198.18.144.0/24 fd00::/64', '198.18.144.1', '198.18.144.2', 'no'],
      ['dark', 'bridge', '-', '-', '-', 'yes'],
    ],
    [['8080/tcp', '0.0.0.0:18080']],
  ]);
});
