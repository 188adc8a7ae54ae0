/** From the evidence of a conntrack run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { Occurrence } from '../../model/finding.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { Skips } from '../shared/skipped.ts';
import { type ConntrackFacts, type ConntrackInput, grown, owner } from './facts.ts';
import { conntrackFacts } from './gathered.ts';
import { CONNTRACK_RULES } from './rules/index.ts';

const COUNTERS = ['insert_failed', 'drop', 'early_drop', 'invalid'] as const;

export function judgeConntrack(
  evidence: Evidence,
  input: ConntrackInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = conntrackFacts(evidence, input, words);
  const isCounted = facts.before.stats !== undefined && facts.after.stats !== undefined;
  const found = CONNTRACK_RULES.flatMap((rule) => rule.judge(facts));
  return conclude(evidence, {
    found,
    skips: skipped(facts),
    measurements: {
      table: facts.isNode ? 'node' : 'pod',
      entries: facts.after.fill?.count ?? null,
      max: facts.after.fill?.max ?? null,
      growth: isCounted ? Object.fromEntries(COUNTERS.map((name) => [name, grown(facts, name)])) : null,
      translatedConnections: facts.translated.value?.length ?? null,
    },
    otherwise: () => outcome(facts, found),
  });
}

/** Where no rule asks for it the kernel tracks nothing, and an empty table says nothing; nor does what once was. */
function isTracking(facts: ConntrackFacts): boolean {
  const { before, after } = facts;
  const filled = (before.fill?.count ?? 0) + (after.fill?.count ?? 0) > 0;
  return filled || Object.keys(after.stats ?? {}).some((name) => grown(facts, name) > 0);
}

function isMeasured({ after }: ConntrackFacts): boolean {
  return after.fill !== undefined || after.stats !== undefined;
}

/** Why there is nothing to judge, where nothing is tracked. */
function untracked({ isNode, words }: ConntrackFacts): string {
  return isNode
    ? 'no connection is tracked, as no rule here asks for it'
    : `no connection is tracked in ${words.namespace}; ${words.trackedElsewhere}`;
}

/** @param remarks what the rules found: nothing graver than an info */
function outcome(facts: ConntrackFacts, [remark]: readonly Occurrence[]): Outcome {
  const { before, after } = facts;
  const cut = [...Object.values(before.results), ...Object.values(after.results)].flatMap(
    (result) => (result && cutReason(result)) ?? [],
  )[0];
  if (!isMeasured(facts))
    return cut === undefined
      ? { status: 'skip', summary: 'The kernel shows no connection tracking here.' }
      : { status: 'error', summary: `Connection tracking could not be judged: ${cut}.` };
  if (!isTracking(facts))
    return cut === undefined
      ? { status: 'skip', summary: `Nothing to judge: ${untracked(facts)}.` }
      : { status: 'error', summary: `Whether connections are tracked here could not be determined: ${cut}.` };
  if (remark) return { status: 'pass', summary: remark.summary };
  const { fill } = after;
  if (fill === undefined)
    return { status: 'error', summary: `How full ${owner(facts)} is could not be read.` };
  const holds = `${capital(owner(facts))} holds ${fill.count} of ${fill.max} entries`;
  return {
    status: 'pass',
    summary: before.stats && after.stats ? `${holds}, and no new one was refused.` : `${holds}.`,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function skipped(facts: ConntrackFacts): Skips {
  const skips = new Skips(facts.words);
  if (!isMeasured(facts))
    skips.add('this kernel or container shows no nf_conntrack counters', 'connection tracking');
  else if (!isTracking(facts)) skips.add(untracked(facts), 'connection tracking');
  else {
    // Who has a machine and no cluster knows of no Services.
    const stale = facts.hasNoCluster ? 'entries that lead to what is gone' : 'stale entries of Services';
    skips.add(facts.translated.skipped, `${stale} (NT-CT-003)`);
    // Where the lists could not be had at all, that is said once.
    if (facts.translated.skipped === undefined)
      skips.add(
        facts.untranslated.skipped,
        'UDP to Services and hostPorts that is not translated (NT-CT-004)',
      );
    if (facts.translated.value && facts.onlyNamespaces)
      skips.add(
        'you may not read Services and their endpoints there',
        `stale entries of Services outside of ${facts.onlyNamespaces.join(' and ')} (NT-CT-003)`,
      );
    if (!facts.isNode) skips.add(facts.words.hostTableUnseen, facts.words.hostTable);
    if (!facts.before.stats || !facts.after.stats)
      skips.add('its counters cannot be read', 'growth of drop and insert_failed (NT-CT-001, NT-CT-002)');
  }
  return skips;
}
