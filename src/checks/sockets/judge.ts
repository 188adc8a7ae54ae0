/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { Occurrence } from '../../model/finding.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Json } from '../../model/report.ts';
import { isLoopback } from '../../parsers/listeners.ts';
import { growth } from '../../parsers/proc-net.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason, seenOf } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import type { SocketsFacts, SocketsInput } from './facts.ts';
import { socketsFacts } from './gathered.ts';
import { acceptQueue } from './rules/accept-queue.ts';
import { badChecksums } from './rules/bad-checksums.ts';
import { SOCKETS_RULES } from './rules/index.ts';
import { serves } from './rules/no-listener.ts';
import { udpOverflow } from './rules/udp-overflow.ts';

export function judgeSockets(
  evidence: Evidence,
  input: SocketsInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = socketsFacts(evidence, input);
  const found = SOCKETS_RULES.flatMap((rule) => rule.judge(facts));
  return conclude(evidence, {
    found,
    skips: skipped(facts, words),
    measurements: measurements(facts),
    otherwise: () => outcome(facts, found, words),
  });
}

function skipped(facts: SocketsFacts, words: PlaceWords): Skips {
  const { listeners, listenersAfter, portUse, counters, counters6, input } = facts;
  const skips = new Skips(words);
  skips.add(listeners.skipped, 'who listens (NT-SOCK-001, NT-SOCK-002)');
  skips.add(listenersAfter.skipped, 'who listens at the end of the run (NT-SOCK-001, NT-SOCK-003)');
  skips.add(portUse.skipped, 'ephemeral ports (NT-SOCK-004)');
  skips.add(
    counters.skipped,
    'growth of ListenOverflows, RcvbufErrors and InCsumErrors (NT-SOCK-003, NT-SOCK-005, NT-SOCK-006)',
  );
  skips.add(counters6.skipped, 'growth of RcvbufErrors and InCsumErrors of IPv6 (NT-SOCK-005, NT-SOCK-006)');
  skips.add(input.servicesSkipped, 'ports that Services send to');
  return skips;
}

/** @param remarks what the rules found: nothing graver than an info */
function outcome(facts: SocketsFacts, remarks: readonly Occurrence[], words: PlaceWords): Outcome {
  const { listeners, portUse, counters, counters6 } = facts;
  const lost = listeners.value === undefined ? listeners : portsUnseenAfter(facts);
  if (lost?.skipped !== undefined || listeners.value === undefined) {
    const isHere = Object.values(facts.results).every(
      (result) => (result && cutReason(result)) === undefined,
    );
    return {
      status: isHere ? 'skip' : 'error',
      summary: `Listening sockets could not be read: ${lost?.skipped === undefined ? 'nothing was' : tell(lost.skipped, words)}.`,
    };
  }
  const tcp = listeners.value.filter((l) => l.protocol === 'tcp').length;
  const used = portUse.value
    ? `, and ${portUse.value.taken} of ${portUse.value.last - portUse.value.first + 1} ephemeral ports are taken`
    : '';
  const full = remarks.find((f) => f.id === acceptQueue.meta.id || f.id === udpOverflow.meta.id);
  const bad = remarks.find((f) => f.id === badChecksums.meta.id);
  const isCounted =
    counters.skipped === undefined &&
    counters6.skipped === undefined &&
    facts.listenersAfter.value !== undefined;
  const queues = full === undefined && isCounted ? ', no queue overflowed' : '';
  return {
    status: 'pass',
    summary: `${tcp} TCP and ${listeners.value.length - tcp} UDP sockets listen${queues}${used}.${[full, bad].map((remark) => (remark === undefined ? '' : ` ${remark.summary}`)).join('')}`,
  };
}

/** Who listens at the end matters where somebody is expected to listen who did not when the run began. */
function portsUnseenAfter({
  input,
  listeners,
  listenersAfter,
}: SocketsFacts): SocketsFacts['listeners'] | undefined {
  const isMissing = input.expected.some(
    (port) => port.by !== 'declared' && !listeners.value?.some((l) => serves(l, port)),
  );
  return isMissing && listenersAfter.value === undefined ? listenersAfter : undefined;
}

function measurements(facts: SocketsFacts): { readonly [key: string]: Json } {
  const { input, listeners, portUse, counters } = facts;
  const grown = (name: string): Json => growth(counters.before, counters.after, name) ?? null;
  return {
    listeners: (seenOf(listeners) ?? []).map((l) => ({
      protocol: l.protocol,
      address: l.address,
      port: l.port,
      process: l.process ?? null,
      loopbackOnly: isLoopback(l),
      // For UDP the numbers are bytes, which say nothing about connections.
      waiting: l.protocol === 'tcp' ? l.waiting : null,
      backlog: l.protocol === 'tcp' ? l.limit : null,
      expectedBy: input.expected
        .filter((e) => e.port === l.port && e.protocol === l.protocol)
        .map((e) => e.name),
    })),
    expected: input.expected.map((e) => ({ ...e })),
    ephemeralPorts: portUse.value
      ? {
          first: portUse.value.first,
          last: portUse.value.last,
          taken: portUse.value.taken,
          busiest: portUse.value.busiest.slice(0, 3).map((b) => ({ ...b })),
        }
      : { skipped: tell(portUse.skipped) },
    listenOverflows: grown('TcpExt.ListenOverflows'),
    udpReceiveBufferErrors: grown('Udp.RcvbufErrors'),
  };
}
