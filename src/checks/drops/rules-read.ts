/** The rules of netfilter where drops are watched, read before and after. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import type { Rules } from '../shared/drops/rule-of.ts';
import { ruleSnapshots } from '../shared/rule-hits.ts';
import { SNAPSHOTS, snapshot } from '../shared/snapshots.ts';

const BOOKS = {
  nft: 'nft',
  iptables: 'iptables',
  legacy: 'iptablesLegacy',
  legacy6: 'ip6tablesLegacy',
} as const;

/** Begins the ids of what is read in the machine's namespace, where a pod's is the own one. */
const OUTER = 'outer-';

/** @param outer those of the machine too */
export function rulesProbes(
  when: 'before' | 'after',
  outer: boolean,
  { inOuter }: ProbeScripts,
): ProbeCommand[] {
  return Object.entries(BOOKS).flatMap(([name, what]) => {
    const own = snapshot(what, `${name}-${when}`);
    const argv = ['sh', '-c', inOuter, 'nettools-outer', ...SNAPSHOTS[what]];
    const display = ['nsenter', '--net=HOST', ...SNAPSHOTS[what]];
    return outer ? [own, { ...own, id: `${OUTER}${own.id}`, argv, display }] : [own];
  });
}

/** By where they were read. */
export interface ReadRules {
  readonly own: Rules | undefined;
  readonly outer: Rules | undefined;
}

export function rulesIn(evidence: Evidence): ReadRules {
  const outer = Object.fromEntries(
    Object.entries(evidence).flatMap(([id, result]) =>
      id.startsWith(OUTER) ? [[id.slice(OUTER.length), result]] : [],
    ),
  );
  return { own: rulesOf(evidence), outer: rulesOf(outer) };
}

function rulesOf(evidence: Evidence): Rules | undefined {
  if (evidence['nft-after'] === undefined) return undefined;
  const { grown, uncounted, books } = ruleSnapshots(evidence);
  return { grown, uncounted, skipped: books.skipped };
}
