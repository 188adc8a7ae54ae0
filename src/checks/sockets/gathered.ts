/** From evidence to facts: parses each result, and tells for what is missing why it is. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseListeners } from '../../parsers/listeners.ts';
import { parsePortUse } from '../../parsers/port-use.ts';
import { parseCounters, parseCounters6 } from '../../parsers/proc-net.ts';
import { parseUdpDrops } from '../../parsers/udp-drops.ts';
import { counterSnapshots } from '../counters.ts';
import { firstLine, notRun } from '../measured.ts';
import type { DroppingSocket, SocketsFacts, SocketsInput } from './facts.ts';

export function socketsFacts(evidence: Evidence, input: SocketsInput): SocketsFacts {
  return {
    input,
    listeners: listeners(evidence['listeners']),
    listenersAfter: parseListeners(evidence['listeners-after']?.stdout ?? ''),
    portUse: portUse(evidence['port-use']),
    counters: counterSnapshots(evidence, 'counters', parseCounters),
    counters6: counterSnapshots(evidence, 'counters6', parseCounters6),
    dropping: dropping(evidence['udp-before'], evidence['udp-after']),
    results: {
      listeners: evidence['listeners'],
      listenersAfter: evidence['listeners-after'],
      portUse: evidence['port-use'],
      udp: evidence['udp-after'],
    },
  };
}

function listeners(result: ProbeResult | undefined): SocketsFacts['listeners'] {
  const reason = notRun(result, 'ss');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  if (result.code !== 0) return { skipped: firstLine(result.stderr) ?? `ss ended with code ${result.code}` };
  return { value: parseListeners(result.stdout) };
}

function portUse(result: ProbeResult | undefined): SocketsFacts['portUse'] {
  const reason = notRun(result, 'sh');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const use = parsePortUse(result.stdout);
  if (use) return { value: use };
  const missing = /^no (\S+)$/m.exec(result.stdout)?.[1];
  return {
    skipped: missing ? `the image has no ${missing}` : (firstLine(result.stderr) ?? 'nothing could be read'),
  };
}

function dropping(before: ProbeResult | undefined, after: ProbeResult | undefined): DroppingSocket[] {
  const past = parseUdpDrops(before?.stdout ?? '');
  return [...parseUdpDrops(after?.stdout ?? '')].flatMap(([local, total]) => {
    const dropped = total - (past.get(local) ?? total);
    return dropped > 0 ? [{ local, dropped }] : [];
  });
}
