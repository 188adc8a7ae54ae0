import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ConntrackFacts, grown, owner } from '../facts.ts';
import { statsQuote } from './pressure.ts';

const meta = {
  id: 'NT-CT-002',
  title: 'New connections clash in the connection table and are dropped',
  severities: ['warning', 'info'],
  meaning:
    'Two packets raced to make the same entry, or NAT had no free port left for a connection: the kernel dropped the packet. DNS over UDP suffers most, since A and AAAA queries leave the same socket at once; each loss costs the resolver 5 seconds.',
  rule: 'insert_failed grew during the run, by 2 or more (warning), or by 1, which may be chance (info).',
  source:
    'the counter: kernel nf_conntrack, conntrack(8); the race: kernel commit 4e35c1cb9460 and kubernetes issue 56903',
  remedy:
    'For SNAT: give it more ports or addresses, and --random-fully. For DNS: NodeLocal DNSCache, or options single-request-reopen in resolv.conf (glibc).',
  explains: { depth: 970, target: ['NT-DNS-007', 'NT-DNS-012', 'NT-LAT-005'] },
} as const;

/** Any two packets may race once. */
const LEAST = 2;

export const insertFailed: Rule<ConntrackFacts> = {
  meta,
  judge: (facts) => {
    const failed = grown(facts, 'insert_failed');
    if (failed === 0) return [];
    return [
      occurrence(
        meta,
        failed < LEAST ? 'info' : 'warning',
        failed < LEAST
          ? `One packet was dropped during the run because its entry could not be inserted into ${owner(facts)}: seen once, measure again.`
          : `${failed} packets were dropped during the run because their entry could not be inserted into ${owner(facts)}.`,
        statsQuote(facts, ['insert_failed', 'drop']),
      ),
    ];
  },
};
