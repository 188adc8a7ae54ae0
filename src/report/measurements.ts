/** What a check measured, as a table; each check has a renderer of its own, or none. */
import type { CheckResult } from '../model/report.ts';
import { arpTable } from './arp-table.ts';
import { dnsTable } from './dns-table.ts';
import { dockerTable } from './docker-table.ts';
import { firewallTable } from './firewall-table.ts';
import { interfacesTable } from './interfaces-table.ts';
import { latencyTable } from './latency-table.ts';
import { mtuTable } from './mtu-table.ts';
import { pathTable } from './path-table.ts';
import { routingTable } from './routing-table.ts';
import { serviceTable } from './service-table.ts';
import { socketsTable } from './sockets-table.ts';
import type { Palette } from './text.ts';
import { throughputTable } from './throughput-table.ts';
import { tlsTable } from './tls-table.ts';

const RENDERERS: Readonly<Record<string, (check: CheckResult, paint: Palette) => string | undefined>> = {
  dns: dnsTable,
  routing: routingTable,
  firewall: firewallTable,
  service: serviceTable,
  sockets: socketsTable,
  arp: arpTable,
  interfaces: interfacesTable,
  latency: latencyTable,
  throughput: throughputTable,
  tls: tlsTable,
  mtu: mtuTable,
  path: pathTable,
  docker: dockerTable,
};

/** `undefined`: there is nothing to show beyond the summary. */
export function renderMeasurements(check: CheckResult, paint: Palette): string | undefined {
  return RENDERERS[check.id]?.(check, paint);
}
