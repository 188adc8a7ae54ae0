import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SNAPSHOTS } from '../../../../src/checks/shared/snapshots.ts';
import { parseNeighbourTables } from '../../../../src/parsers/ip-neigh.ts';

it('what is asked of the kernel about neighbours has the tables of all its protocols', () => {
  const [program, ...args] = SNAPSHOTS.neighbourTables;
  const tables = parseNeighbourTables(execFileSync(program, args, { encoding: 'utf8' }));
  const hasIpv6 = existsSync('/proc/net/if_inet6');
  expect(Object.entries(tables ?? {}).flatMap(([name, table]) => (table ? [name] : []))).toEqual(
    hasIpv6 ? ['arp', 'ndisc'] : ['arp'],
  );
});
