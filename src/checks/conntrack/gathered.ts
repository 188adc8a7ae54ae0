/** From evidence to facts: parses each result, and tells for what is missing why it is. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import {
  type ConntrackEntry,
  parseConntrackFill,
  parseConntrackList,
  parseConntrackProc,
} from '../../parsers/conntrack.ts';
import { parseConntrackStats } from '../../parsers/conntrack-stats.ts';
import { parsePrivileges } from '../../parsers/proc-status.ts';
import { notRun } from '../measured.ts';
import type { ConntrackFacts, ConntrackInput, Translated } from './facts.ts';

/** Whole seconds are what entries count in: in less, a time that was not set anew may look as if it was. */
const MIN_WATCH_MS = 2000;
/** What older versions judged by, whose bundles do not say. */
const CRITICAL_SHARE = 0.95;

export function conntrackFacts(evidence: Evidence, input: ConntrackInput): ConntrackFacts {
  return {
    before: snapshot(evidence, 'before'),
    after: snapshot(evidence, 'after'),
    translated: translatedOf(evidence, input),
    services: input.services ?? [],
    onlyNamespaces: input.onlyNamespaces,
    isNode: input.isNode,
    criticalShare: input.criticalShare ?? CRITICAL_SHARE,
  };
}

function snapshot(evidence: Evidence, stage: 'before' | 'after'): ConntrackFacts['before'] {
  const [fill, tool, proc] = [`fill-${stage}`, `stats-${stage}`, `proc-${stage}`].map((id) => evidence[id]);
  // Both read the same counters; the tool asks by netlink where it may, and the file needs no right at all.
  const byTool = parseConntrackStats(tool?.stdout ?? '');
  return {
    fill: parseConntrackFill(fill?.stdout ?? ''),
    stats: byTool ?? parseConntrackProc(proc?.stdout ?? ''),
    results: { fill, stats: byTool ? tool : proc },
  };
}

function translatedOf(evidence: Evidence, input: ConntrackInput): ConntrackFacts['translated'] {
  if (!input.services) return { skipped: 'Services and their endpoints may not be read here' };
  const result = evidence['udp-after'];
  const reason = notRun(result, 'conntrack');
  if (reason !== undefined) return { skipped: reason };
  const privileges = parsePrivileges(evidence['status']?.stdout ?? '');
  if (privileges && !privileges.capabilities.includes('NET_ADMIN'))
    return { skipped: 'listing connections needs NET_ADMIN: use --profile netadmin' };
  if (result?.status !== 'exited' || result.code !== 0)
    return { skipped: `conntrack -L ended with code ${result?.code}` };
  const isLongEnough = input.watchMs >= MIN_WATCH_MS;
  return {
    value: ['udp', 'tcp'].flatMap((protocol) => {
      const [before, after] = [evidence[`${protocol}-before`], evidence[`${protocol}-after`]];
      if (!after) return [];
      const timeouts = new Map(
        parseConntrackList(before?.stdout ?? '').map((entry) => [key(entry), entry.timeout]),
      );
      return parseConntrackList(after.stdout).map((entry): Translated => {
        const earlier = timeouts.get(key(entry));
        const isAnew =
          earlier !== undefined && (entry.timeout > earlier || (isLongEnough && entry.timeout === earlier));
        return { entry, isLive: entry.isUnreplied || isAnew, result: after };
      });
    }),
  };
}

function key({ protocol, original, reply }: ConntrackEntry): string {
  return JSON.stringify([protocol, original, reply]);
}
