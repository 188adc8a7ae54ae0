/** The measurements of the arp check as a table. */
import type { CheckResult, Json } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

const HEAD = ['NEIGHBOUR', 'INTERFACE', 'STATE', 'MAC', 'ANSWERS TO ARP', 'NEEDED BY'];

/** One row a next hop; `undefined` when there is none. */
export function arpTable(check: CheckResult, paint: Palette): string | undefined {
  return measurementTable(HEAD, listOf(check.measurements['neighbours']).map(row), [], paint);
}

function row(neighbour: Json): string[] {
  const hop = fieldsOf(neighbour);
  const text = (name: string): string => visible(String(hop[name] ?? '-'));
  const answers = hop['answers'];
  const heard = Array.isArray(answers) ? answers.join(', ') || 'nobody' : 'not asked';
  return [
    text('address'),
    text('device'),
    text('state'),
    text('mac'),
    // The usual case need not be read twice.
    heard === hop['mac'] ? 'the same' : visible(heard),
    visible(listOf(hop['neededBy']).join(', ')),
  ];
}
