import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Quote, Severity } from '../../../model/report.ts';
import { linesOf } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ConntrackFacts, grown, owner } from '../facts.ts';

const meta = {
  id: 'NT-CT-001',
  title: 'The connection table is full or nearly so',
  severities: ['warning', 'critical', 'info'],
  meaning:
    'Each connection that netfilter tracks has an entry in a table of limited size. When it is full, packets that would open a new connection are dropped; established connections continue. Clients see some connects time out.',
  rule: 'nf_conntrack_count is above 75 % (warning) or 95 % (critical, --conntrack-critical) of nf_conntrack_max, or packets were dropped during the run because no entry could be made (drop grew by more than insert_failed; critical; a single one while the table is not above these shares has another reason: info), or entries were thrown out to make room (early_drop grew; warning).',
  source:
    '75 %: node-mixin (NodeHighNumberConntrackEntriesUsed); 95 %: ours; counters: kernel nf_conntrack, conntrack(8)',
  remedy: advice`See what holds the entries: ${nettools`run ${TARGET} -- conntrack -L | awk '{print $1, $4, $6}' | sort | uniq -c | sort -rn | head`}. Raise net.netfilter.nf_conntrack_max on the node (kube-proxy: conntrack.maxPerCore), shorten the time-outs, or let the traffic in question go untracked (nft … notrack).`,
  explains: { depth: 960, target: ['NT-LAT-005', 'NT-FW-001', 'NT-FW-009', 'NT-DNS-007', 'NT-DNS-012'] },
} as const;

const WARNING_SHARE = 0.75;

export const pressure: Rule<ConntrackFacts> = {
  meta,
  judge: (facts) => {
    const { fill } = facts.after;
    const share = fill && fill.max > 0 ? fill.count / fill.max : 0;
    // A clash of two new connections counts as both; that is NT-CT-002.
    const dropped = Math.max(0, grown(facts, 'drop') - grown(facts, 'insert_failed'));
    const evicted = grown(facts, 'early_drop');
    const limit = Math.min(WARNING_SHARE, facts.criticalShare);
    if (share <= limit && dropped === 0 && evicted === 0) return [];
    // The kernel counts a packet that it drops for being out of step with its connection, too.
    const isSingle = dropped === 1 && evicted === 0 && fill !== undefined && share <= limit;
    const severity: Severity = isSingle
      ? 'info'
      : share > facts.criticalShare || dropped > 0
        ? 'critical'
        : 'warning';
    const parts = [
      ...(fill
        ? [
            `${owner(facts)} holds ${fill.count} of ${fill.max} entries (${percent(share)} %)${share > limit ? holdersText(facts) : ''}`,
          ]
        : []),
      ...(isSingle
        ? ['connection tracking dropped one packet during the run, and not for lack of room: measure again']
        : dropped > 0
          ? [`${dropped} packets were dropped during the run because no entry was free`]
          : []),
      ...(evicted > 0 ? [`${evicted} entries were thrown out to make room`] : []),
    ];
    const sentence = parts.join('; ');
    return [
      occurrence(meta, severity, `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`, [
        ...fillQuote(facts),
        ...(share > limit ? holdersQuote(facts) : []),
        ...(dropped + evicted > 0 ? statsQuote(facts, ['drop', 'early_drop']) : []),
      ]),
    ];
  },
};

/** What most of the entries are, and whose: `, 380 of them tcp CLOSE_WAIT, most of all (300) from A to B port 80`. */
function holdersText({ holders }: ConntrackFacts): string {
  const [state] = holders?.states ?? [];
  const [pair] = holders?.pairs ?? [];
  if (!state) return '';
  const whose = pair
    ? `, most of all (${pair.count}) from ${pair.source} to ${pair.destination}${pair.port === '' ? '' : ` port ${pair.port}`}`
    : '';
  return `, ${state.count} of them ${state.what}${whose}`;
}

function holdersQuote({ holders, holdersResult }: ConntrackFacts): Quote[] {
  return holders && holdersResult
    ? [{ command: holdersResult.command, excerpt: linesOf(holdersResult).join('\n').trim() }]
    : [];
}

/** Nothing short of the limit is shown as 100. */
function percent(share: number): string {
  return (Math.floor(share * 1000) / 10).toString();
}

function fillQuote({ after }: ConntrackFacts): Quote[] {
  const result = after.results.fill;
  return result ? [{ command: result.command, excerpt: linesOf(result).join('\n').trim() }] : [];
}

/** Counters as they were before and after, summed over the CPUs. */
export function statsQuote({ before, after }: ConntrackFacts, names: readonly string[]): Quote[] {
  const result = after.results.stats;
  if (!result) return [];
  const lines = names.map((name) => `${name} ${before.stats?.[name]} before, ${after.stats?.[name]} after`);
  return [{ command: result.command, excerpt: lines.join('\n') }];
}
