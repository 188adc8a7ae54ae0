/** Which check shows what it measured as tables. */
import type { CheckResult } from '../model/report.ts';
import type { Table } from '../model/table.ts';
import { arpTables } from './arp/tables.ts';
import { dnsTables } from './dns/tables.ts';
import { dockerTables } from './docker/tables.ts';
import { firewallTables } from './firewall/tables.ts';
import { interfacesTables } from './interfaces/tables.ts';
import { latencyTables } from './latency/tables.ts';
import { mtuTables } from './mtu/tables.ts';
import { pathTables } from './path/tables.ts';
import type { CheckId } from './registry.ts';
import { routingTables } from './routing/tables.ts';
import { serviceTables } from './service/tables.ts';
import type { Fields } from './shared/cells.ts';
import { socketsTables } from './sockets/tables.ts';
import { throughputTables } from './throughput/tables.ts';
import { tlsTables } from './tls/tables.ts';

const TABLES: Readonly<Partial<Record<CheckId, (measurements: Fields) => readonly Table[]>>> = {
  arp: arpTables,
  dns: dnsTables,
  docker: dockerTables,
  firewall: firewallTables,
  interfaces: interfacesTables,
  latency: latencyTables,
  mtu: mtuTables,
  path: pathTables,
  routing: routingTables,
  service: serviceTables,
  sockets: socketsTables,
  throughput: throughputTables,
  tls: tlsTables,
};

/** Those that have rows; none where a check's summary says all that it measured. */
export function tablesOf({ id, measurements }: CheckResult): readonly Table[] {
  const tables = TABLES[id as CheckId]?.(measurements) ?? [];
  return tables.filter(({ rows }) => rows.length > 0);
}
