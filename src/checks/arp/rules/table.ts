import type { Occurrence } from '../../../model/finding.ts';
import { meta } from '../../shared/metas/full-neighbour-table.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ArpFacts } from '../facts.ts';

export const table: Rule<ArpFacts> = {
  meta,
  judge: (facts) => [...judged(facts, 'arp'), ...judged(facts, 'ndisc')],
};

function judged({ tables, tableShare, results }: ArpFacts, protocol: 'arp' | 'ndisc'): Occurrence[] {
  const [before, after] = [tables.before?.[protocol], tables.after?.[protocol]];
  const result = results.tableAfter;
  if (!after || !result) return [];
  const overflows = before === undefined ? 0 : after.overflows - before.overflows;
  const percent = Math.round((after.entries / after.limit) * 100);
  const name = protocol === 'arp' ? "The node's neighbour table" : "The node's neighbour table of IPv6";
  const excerpt = `${protocol}_cache thresh3 ${after.limit} entries ${after.entries} table_fulls ${before?.overflows ?? '?'} before, ${after.overflows} after`;
  const quotes = [{ command: result.command, excerpt }];
  if (overflows > 0) {
    const summary = `${name} overflowed ${overflows} time${overflows === 1 ? '' : 's'} during the run: it may have ${after.limit} entries, and has ${after.entries}.`;
    return [occurrence(meta, 'critical', summary, quotes)];
  }
  if (after.entries <= tableShare * after.limit) return [];
  const summary = `${name} has ${after.entries} of ${after.limit} entries (${percent} %); when it is full, new neighbours cannot be reached.`;
  return [occurrence(meta, 'warning', summary, quotes)];
}
