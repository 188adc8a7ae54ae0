import { meta } from '../../shared/metas/full-neighbour-table.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ArpFacts } from '../facts.ts';

export const table: Rule<ArpFacts> = {
  meta,
  judge: ({ table: { before, after }, tableShare, results }) => {
    const result = results.tableAfter;
    if (!after || !result) return [];
    const overflows = before === undefined ? 0 : after.overflows - before.overflows;
    const percent = Math.round((after.entries / after.limit) * 100);
    const excerpt = `arp_cache thresh3 ${after.limit} entries ${after.entries} table_fulls ${before?.overflows ?? '?'} before, ${after.overflows} after`;
    const quotes = [{ command: result.command, excerpt }];
    if (overflows > 0) {
      const summary = `The node's neighbour table overflowed ${overflows} time${overflows === 1 ? '' : 's'} during the run: it may have ${after.limit} entries, and has ${after.entries}.`;
      return [occurrence(meta, 'critical', summary, quotes)];
    }
    if (after.entries <= tableShare * after.limit) return [];
    const summary = `The node's neighbour table has ${after.entries} of ${after.limit} entries (${percent} %); when it is full, new neighbours cannot be reached.`;
    return [occurrence(meta, 'warning', summary, quotes)];
  },
};
