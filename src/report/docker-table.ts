/** The measurements of the docker check as tables: the networks, then the published ports. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

/** `undefined` when there is neither a network nor a published port. */
export function dockerTable(check: CheckResult, paint: Palette): string | undefined {
  const networks = listOf(check.measurements['networks'])
    .map(fieldsOf)
    .map((one) => [
      text(one['name']),
      text(one['driver']),
      list(one['subnets']),
      text(one['gateway']),
      list(one['addresses']),
      one['internal'] === true ? 'yes' : 'no',
    ]);
  const ports = listOf(check.measurements['published'])
    .map(fieldsOf)
    .map((one) => [
      `${text(one['port'])}/${text(one['protocol'])}`,
      `${text(one['hostAddress'])}:${text(one['hostPort'])}`,
    ]);
  const tables = [
    measurementTable(['NETWORK', 'DRIVER', 'SUBNET', 'GATEWAY', 'ADDRESS', 'INTERNAL'], networks, [], paint),
    measurementTable(['PORT', 'PUBLISHED ON'], ports, [], paint),
  ].filter((table) => table !== undefined);
  return tables.length === 0 ? undefined : tables.join('\n\n');
}

function text(value: Json | undefined): string {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
    ? visible(String(value))
    : '-';
}

function list(value: Json | undefined): string {
  return text(listOf(value).map(text).join(' '));
}
