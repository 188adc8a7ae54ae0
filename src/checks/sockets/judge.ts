/** From the evidence of a run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { isLoopback } from '../../parsers/listeners.ts';
import { growth } from '../../parsers/proc-net.ts';
import { Skips } from '../skipped.ts';
import type { SocketsFacts, SocketsInput } from './facts.ts';
import { socketsFacts } from './gathered.ts';
import { acceptQueue } from './rules/accept-queue.ts';
import { SOCKETS_RULES } from './rules/index.ts';
import { udpOverflow } from './rules/udp-overflow.ts';

export function judgeSockets(evidence: Evidence, input: SocketsInput): Judgement {
  const facts = socketsFacts(evidence, input);
  const findings = [...SOCKETS_RULES.flatMap((rule) => rule.judge(facts)), ...skipped(facts)];
  const worst = statusOf(findings);
  const status: CheckStatus = worst === 'pass' && facts.listeners.value === undefined ? 'skip' : worst;
  return { status, summary: summary(facts, findings), measurements: measurements(facts), findings };
}

function skipped({ listeners, portUse, input }: SocketsFacts): Finding[] {
  const skips = new Skips();
  skips.add(listeners.skipped, 'who listens (NT-SOCK-001, NT-SOCK-002)');
  skips.add(portUse.skipped, 'ephemeral ports (NT-SOCK-004)');
  skips.add(input.servicesSkipped, 'ports that Services send to');
  return skips.findings();
}

function summary({ listeners, portUse }: SocketsFacts, findings: readonly Finding[]): string {
  const first = findings.find((f) => f.severity !== 'info');
  if (first) return first.summary;
  if (listeners.value === undefined) return `Listening sockets could not be read: ${listeners.skipped}.`;
  const tcp = listeners.value.filter((l) => l.protocol === 'tcp').length;
  const used = portUse.value
    ? `, and ${portUse.value.taken} of ${portUse.value.last - portUse.value.first + 1} ephemeral ports are taken`
    : '';
  const full = findings.find((f) => f.id === acceptQueue.meta.id || f.id === udpOverflow.meta.id);
  const queues = full === undefined ? ', no queue overflowed' : '';
  return `${tcp} TCP and ${listeners.value.length - tcp} UDP sockets listen${queues}${used}.${full === undefined ? '' : ` ${full.summary}`}`;
}

function measurements(facts: SocketsFacts): { readonly [key: string]: Json } {
  const { input, listeners, portUse, counters } = facts;
  const grown = (name: string): Json => growth(counters.before, counters.after, name) ?? null;
  return {
    listeners: (listeners.value ?? []).map((l) => ({
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
      : { skipped: portUse.skipped },
    listenOverflows: grown('TcpExt.ListenOverflows'),
    udpReceiveBufferErrors: grown('Udp.RcvbufErrors'),
  };
}
