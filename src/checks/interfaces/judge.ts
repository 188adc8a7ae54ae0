/** From the evidence of an interfaces run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { noIpJson } from '../measured.ts';
import { Skips } from '../skipped.ts';
import type { InterfacesFacts, InterfacesInput } from './facts.ts';
import { interfacesFacts } from './gathered.ts';
import { INTERFACES_RULES } from './rules/index.ts';

export function judgeInterfaces(evidence: Evidence, input: InterfacesInput): Judgement {
  const facts = interfacesFacts(evidence, input);
  const findings = [...INTERFACES_RULES.flatMap((rule) => rule.judge(facts)), ...skipped(facts)];
  const worst = statusOf(findings);
  const blind: CheckStatus = facts.results.interfaces?.status === 'timeout' ? 'error' : 'skip';
  const status = worst === 'pass' && facts.interfaces === undefined ? blind : worst;
  return { status, summary: summary(facts, findings), measurements: measurements(facts), findings };
}

function summary(facts: InterfacesFacts, findings: readonly Finding[]): string {
  const first = findings.find((f) => f.severity !== 'info');
  if (first) return first.summary;
  if (facts.interfaces === undefined)
    return `The interfaces could not be read: ${noIpJson(facts.results.interfaces)}.`;
  const names = facts.needed.map((i) => i.name);
  const packets = facts.traffic
    .filter((t) => names.includes(t.name))
    .map((t) => t.received.packets + t.sent.packets);
  const total = packets.reduce((sum, n) => sum + n, 0);
  return names.length === 0
    ? 'The target has no interface but loopback.'
    : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} up, and ${total} packets went through.`;
}

function skipped(facts: InterfacesFacts): Finding[] {
  const skips = new Skips();
  if (facts.interfaces === undefined)
    skips.add(noIpJson(facts.results.interfaces), 'carrier and errors of the interfaces');
  else if (facts.traffic.length === 0)
    skips.add("the image's ip does not show counters", 'errors (NT-IF-002)');
  if (facts.results.hardware)
    skips.add(facts.noHardware, "the counters of the hardware's drivers (NT-IF-003)");
  if (facts.results.softnet && facts.softnet.after === undefined)
    skips.add('/proc/net/softnet_stat could not be read', 'the queues of the CPUs (NT-IF-004)');
  return skips.findings();
}

function measurements(facts: InterfacesFacts): { readonly [key: string]: Json } {
  const { before: then, after: now } = facts.softnet;
  return {
    ...(then && now
      ? {
          softnet: {
            processed: now.processed - then.processed,
            dropped: now.dropped - then.dropped,
            squeezed: now.squeezed - then.squeezed,
          },
        }
      : {}),
    interfaces: (facts.interfaces ?? []).map((i) => {
      const seen = facts.traffic.find((t) => t.name === i.name);
      return {
        name: i.name,
        kind: i.kind ?? null,
        state: i.operstate,
        carrier: i.flags.includes('LOWER_UP'),
        needed: facts.needed.includes(i),
        mtu: i.mtu,
        mac: i.mac ?? null,
        addresses: i.addresses.map((a) => `${a.address}/${a.prefixLength}`),
        received: seen ? { ...seen.received } : null,
        sent: seen ? { ...seen.sent } : null,
      };
    }),
  };
}
