/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { type Listener, parseListeners } from '../../parsers/listeners.ts';
import { parseNodePortPlaces } from '../../parsers/node-port-places.ts';
import { parseOddSockets } from '../../parsers/odd-sockets.ts';
import { parsePortUse } from '../../parsers/port-use.ts';
import { parseCounters, parseCounters6 } from '../../parsers/proc-net.ts';
import { parseUdpDrops } from '../../parsers/udp-drops.ts';
import { parseUnaccepted } from '../../parsers/unaccepted.ts';
import { parseWaitingSockets, type WaitingSocket } from '../../parsers/waiting-sockets.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { firstLine, read, seenOf } from '../shared/measured.ts';
import { because, noTool } from '../shared/reason.ts';
import type { DroppingSocket, SocketsFacts, SocketsInput } from './facts.ts';
import { nameId } from './plan.ts';

export function socketsFacts(evidence: Evidence, input: SocketsInput): SocketsFacts {
  const counters = counterSnapshots(evidence, 'counters', parseCounters);
  const listening = listeners(evidence['listeners']);
  // Of a target that shows nothing at all, not even /proc, an empty list is none.
  const isShown = counters.skipped === undefined || listening.value?.length !== 0;
  return {
    input,
    listeners: isShown ? listening : { skipped: because('ss printed nothing') },
    listenersAfter: listeners(evidence['listeners-after']),
    portUse: portUse(evidence['port-use']),
    counters,
    counters6: counterSnapshots(evidence, 'counters6', parseCounters6),
    waiting: {
      before: waiting(evidence['waiting-before']),
      during: waiting(evidence['waiting-during']),
      after: waiting(evidence['waiting-after']),
    },
    odd: read(evidence['odd-sockets'], 'sh', parseOddSockets).value,
    unaccepted: {
      before: read(evidence['unaccepted-before'], 'sh', parseUnaccepted).value,
      after: read(evidence['unaccepted-after'], 'sh', parseUnaccepted).value,
    },
    names: (input.names ?? []).map((name, i) => {
      const result = evidence[nameId(i)];
      return { ...name, addresses: addressesOf(result), result };
    }),
    nodePortPlaces: read(evidence['node-port-places'], 'sh', parseNodePortPlaces).value ?? {},
    dropping: dropping(evidence['udp-before'], evidence['udp-after']),
    results: {
      listeners: evidence['listeners'],
      listenersAfter: evidence['listeners-after'],
      portUse: evidence['port-use'],
      udp: evidence['udp-after'],
      waitingBefore: evidence['waiting-before'],
      waitingAfter: evidence['waiting-after'],
      odd: evidence['odd-sockets'],
      unaccepted: evidence['unaccepted-after'],
    },
  };
}

function waiting(result: ProbeResult | undefined): readonly WaitingSocket[] | undefined {
  return read(result, 'ss', (text, { code }) => (code === 0 ? parseWaitingSockets(text) : undefined)).value;
}

/** Each once, as getent tells them: `198.18.1.9 STREAM db-0.db`. */
function addressesOf(result: ProbeResult | undefined): readonly string[] {
  const all = read(result, 'getent', (text, { code }) =>
    code === 0 ? text.split('\n').flatMap((line) => /^[0-9a-f.:]+(?=\s)/i.exec(line) ?? []) : undefined,
  ).value;
  return [...new Set(all ?? [])];
}

function listeners(result: ProbeResult | undefined): SocketsFacts['listeners'] {
  return read(result, 'ss', (text, { code, stderr, truncated }) =>
    code === 0 || truncated ? listed(text) : (firstLine(stderr) ?? `ss ended with code ${code}`),
  );
}

/** Nobody may listen; but what is printed are sockets. */
function listed(text: string): Listener[] | string {
  const found = parseListeners(text);
  return found.length === 0 && text.trim() !== '' ? 'ss did not print sockets' : found;
}

function portUse(result: ProbeResult | undefined): SocketsFacts['portUse'] {
  return read(result, 'sh', (text) => {
    const missing = /^no (\S+)$/m.exec(text)?.[1];
    return missing === undefined ? parsePortUse(text) : noTool(missing);
  });
}

function dropping(before: ProbeResult | undefined, after: ProbeResult | undefined): DroppingSocket[] {
  const past = seenOf(read(before, 'ss', parseUdpDrops)) ?? new Map<string, number>();
  return [...(seenOf(read(after, 'ss', parseUdpDrops)) ?? [])].flatMap(([local, total]) => {
    const dropped = total - (past.get(local) ?? total);
    return dropped > 0 ? [{ local, dropped }] : [];
  });
}
