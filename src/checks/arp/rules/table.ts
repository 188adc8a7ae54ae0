import type { Finding } from '../../../model/report.ts';
import { occurrence, type Rule } from '../../rule.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import type { ArpFacts } from '../facts.ts';

const meta = {
  id: 'NT-ARP-003',
  title: 'The neighbour table is full, or nearly',
  severities: ['warning', 'critical'],
  meaning:
    'The kernel keeps one neighbour table of IPv4, and one of IPv6, for all pods of a node. When one is full, hosts that are not in it cannot be reached: connections time out, ping says "No buffer space available", and the node\'s log "neighbor table overflow".',
  rule: 'Critical: table_fulls of arp_cache or ndisc_cache grew during the run. Warning: more entries than 80 % of gc_thresh3 (--table-share).',
  source: 'Linux: Documentation/networking/ip-sysctl.rst (neigh/default/gc_thresh3); 80 % is ours',
  remedy:
    'Raise the limits on the node: sysctl -w net.ipv4.neigh.default.gc_thresh1=4096 net.ipv4.neigh.default.gc_thresh2=8192 net.ipv4.neigh.default.gc_thresh3=16384 (net.ipv6.neigh.default where it is the table of IPv6), and keep it in /etc/sysctl.d. Then see who makes so many entries (a scan, a flat network of many pods): ip -s neigh on the node.',
  explains: { depth: 420, target: ['NT-ARP-001', 'NT-ARP-002', ...ALL_TRAFFIC] },
} as const;

export const table: Rule<ArpFacts> = {
  meta,
  judge: (facts) => [...judged(facts, 'arp'), ...judged(facts, 'ndisc')],
};

function judged({ tables, tableShare, results }: ArpFacts, protocol: 'arp' | 'ndisc'): Finding[] {
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
