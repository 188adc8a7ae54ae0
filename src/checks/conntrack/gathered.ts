/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import {
  type ConntrackEntry,
  parseConntrackFill,
  parseConntrackHolders,
  parseConntrackList,
  parseConntrackProc,
} from '../../parsers/conntrack.ts';
import { parseConntrackStats } from '../../parsers/conntrack-stats.ts';
import { parseIptablesTables } from '../../parsers/iptables-tables.ts';
import { cutReason, type Measured, privilegesOf, read, seenOf } from '../shared/measured.ts';
import { because, noRight } from '../shared/reason.ts';
import type { ConntrackFacts, ConntrackInput, Translated } from './facts.ts';
import { dropsInvalid, hasTranslations, rulesOf } from './invalid-rules.ts';
import { oneSidedOf } from './one-sided.ts';
import { holes } from './plan.ts';

/** Whole seconds are what entries count in: in less, a time that was not set again may look as if it was. */
const MIN_WATCH_MS = 2000;

export function conntrackFacts(evidence: Evidence, input: ConntrackInput, words: PlaceWords): ConntrackFacts {
  return {
    before: snapshot(evidence, 'before'),
    after: snapshot(evidence, 'after'),
    translated: translatedOf(evidence, input),
    holders: read(evidence['holders'], 'sh', parseConntrackHolders).value,
    holdersResult: evidence['holders'],
    untranslated: untranslatedOf(evidence, input),
    hostPorts: input.hostPorts ?? [],
    nodeAddresses: input.nodeAddresses ?? [],
    services: input.services ?? [],
    onlyNamespaces: input.onlyNamespaces,
    hasNoCluster: input.hasNoCluster === true,
    isNode: input.isNode,
    criticalShare: input.criticalShare,
    establishedSeconds: read(evidence['established'], 'cat', wholeNumber).value,
    establishedResult: evidence['established'],
    raw: ['iptables', 'iptablesLegacy'].flatMap((id) => rawTable(evidence[id])),
    liberal: read(evidence['liberal'], 'cat', wholeNumber).value,
    liberalResult: evidence['liberal'],
    dropsInvalid: isInvalidDropped(evidence),
    hasTranslations: hasTranslations(evidence),
    oneSided: oneSidedOf(evidence),
    words,
  };
}

function wholeNumber(text: string): number | undefined {
  return /^\d+\n$/.test(text) ? Number(text) : undefined;
}

/** Where one tool shows none, another that could not be read may have it. */
function isInvalidDropped(evidence: Evidence): boolean | undefined {
  const books = rulesOf(evidence);
  if (books.some(({ value }) => value?.rules.some(dropsInvalid))) return true;
  // Without a tool there are none of its kind, as far as nft shows all but those of iptables-legacy.
  return books.at(-1)?.value === undefined ? undefined : false;
}

/** Of a list that is whole. */
function rawTable(result: ProbeResult | undefined): ConntrackFacts['raw'] {
  const table = read(result, 'iptables-save', parseIptablesTables).value?.get('raw');
  return table === undefined || result === undefined ? [] : [{ table, result }];
}

function snapshot(evidence: Evidence, stage: 'before' | 'after'): ConntrackFacts['before'] {
  const [fill, tool, proc] = [`fill-${stage}`, `stats-${stage}`, `proc-${stage}`].map((id) => evidence[id]);
  // Both read the same counters; the tool asks by netlink where it may, and the file needs no right at all.
  const byTool = read(tool, 'conntrack', parseConntrackStats).value;
  return {
    fill: read(fill, 'cat', parseConntrackFill).value,
    stats: byTool ?? read(proc, 'cat', parseConntrackProc).value,
    results: { fill, stats: byTool ? tool : proc },
  };
}

function translatedOf(evidence: Evidence, input: ConntrackInput): ConntrackFacts['translated'] {
  if (!input.services)
    return {
      skipped: because(
        input.hasNoCluster === true
          ? 'a cluster tells what an address stands for, and none was asked'
          : 'Services and their endpoints may not be read here',
      ),
    };
  const privileges = privilegesOf(evidence['status']);
  const isRefused = privileges?.capabilities.includes('NET_ADMIN') === false;
  const list = (id: string): Measured<ConntrackEntry[]> => {
    const result = evidence[id];
    if (result?.status === 'exited' && isRefused)
      return { skipped: noRight('listing connections needs NET_ADMIN') };
    const isWhole = result?.status === 'exited' && result.code === 0;
    return read(result, 'conntrack', (text) =>
      isWhole || (result && cutReason(result) !== undefined)
        ? parseConntrackList(text)
        : `conntrack -L ended with code ${result?.code}`,
    );
  };
  const lists = ['udp', 'tcp'].map((protocol) => {
    const [before, after] = [list(`${protocol}-before`), list(`${protocol}-after`)];
    const result = evidence[`${protocol}-after`];
    const timeouts = new Map((seenOf(before) ?? []).map((entry) => [key(entry), entry.timeout]));
    const entries = (result ? (seenOf(after) ?? []) : []).map((entry): Translated => {
      const earlier = timeouts.get(key(entry));
      // An attempt to connect that was given up stays for two minutes, as in each rollout (nf_conntrack_tcp_timeout_syn_sent).
      const isOpen = entry.isUnreplied && (protocol === 'udp' || earlier === undefined);
      const isLive = isOpen || isAnew(entry, earlier, input);
      return { entry, isLive, result: result as ProbeResult };
    });
    return { entries, skipped: after.skipped ?? before.skipped };
  });
  const entries = lists.flatMap((one) => one.entries);
  const skipped = lists.flatMap((one) => one.skipped ?? [])[0];
  return skipped === undefined ? { value: entries } : { skipped, part: entries };
}

/** Whether a list of after the run has set an entry's time again; both are of whole seconds. */
function isAnew(entry: ConntrackEntry, earlier: number | undefined, input: ConntrackInput): boolean {
  return (
    earlier !== undefined &&
    (entry.timeout > earlier || (input.watchMs >= MIN_WATCH_MS && entry.timeout === earlier))
  );
}

/** Those that were there before the run, and to which packets came during it. */
function untranslatedOf(evidence: Evidence, input: ConntrackInput): Measured<readonly Translated[]> {
  if (holes(input, 'after').length === 0) return { value: [] };
  const result = evidence['holes-after'];
  const [before, after] = ['before', 'after'].map((stage) =>
    read(evidence[`holes-${stage}`], 'sh', parseConntrackList),
  );
  const skipped = after?.skipped ?? before?.skipped;
  if (result === undefined || skipped !== undefined)
    return { skipped: skipped ?? because('it was not listed') };
  const timeouts = new Map((before?.value ?? []).map((entry) => [key(entry), entry.timeout]));
  // Beside other checks, whose probes take seconds, the same time again has been set anew, too.
  const watched = input.watchMs === 0 ? { ...input, watchMs: MIN_WATCH_MS } : input;
  const value = (after?.value ?? []).flatMap((entry): Translated[] =>
    entry.isUnreplied &&
    entry.reply.source === entry.original.destination &&
    isAnew(entry, timeouts.get(key(entry)), watched)
      ? [{ entry, isLive: true, result }]
      : [],
  );
  return { value };
}

function key({ protocol, original, reply }: ConntrackEntry): string {
  return JSON.stringify([protocol, original, reply]);
}
