/** From the evidence of an interfaces run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Json } from '../../model/report.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason, noIpJson } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import type { InterfacesFacts, InterfacesInput } from './facts.ts';
import { interfacesFacts } from './gathered.ts';
import { INTERFACES_RULES } from './rules/index.ts';

export function judgeInterfaces(
  evidence: Evidence,
  input: InterfacesInput,
  words: PlaceWords = POD_WORDS,
): Judgement {
  const facts = interfacesFacts(evidence, input);
  return conclude(evidence, {
    found: INTERFACES_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, words),
    measurements: measurements(facts),
    otherwise: () => outcome(facts, words),
  });
}

function outcome(facts: InterfacesFacts, words: PlaceWords): Outcome {
  const { interfaces, needed, noRoutes, traffic, isHost, results } = facts;
  const unread = results.interfaces;
  if (interfaces === undefined) {
    const isHere = unread?.status !== 'timeout' && (unread && cutReason(unread)) === undefined;
    const summary = `The interfaces could not be read: ${tell(noIpJson(unread), words)}.`;
    return { status: isHere ? 'skip' : 'error', summary };
  }
  // A default route makes an interface one that is needed.
  if (noRoutes !== undefined && (isHost || needed.length === 0))
    return {
      status: 'error',
      summary: `Which interfaces the target needs could not be determined: ${tell(noRoutes, words)}.`,
    };
  if (needed.length === 0)
    return interfaces.length === 0
      ? { status: 'error', summary: 'The target shows no interface at all, not even loopback.' }
      : { status: 'pass', summary: 'The target has no interface but loopback.' };
  const names = needed.map((i) => i.name);
  const counted = traffic.filter((t) => names.includes(t.name));
  const packets = counted.map((t) => t.received.packets + t.sent.packets).reduce((sum, n) => sum + n, 0);
  const passed = counted.length === names.length ? `, and ${packets} packets went through` : '';
  return {
    status: 'pass',
    summary: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} up${passed}.`,
  };
}

function skipped(facts: InterfacesFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  if (facts.interfaces === undefined)
    skips.add(noIpJson(facts.results.interfaces), 'carrier and errors of the interfaces');
  else if (facts.traffic.length === 0) {
    const { before, after } = facts.results;
    const cut = [before, after].flatMap((result) => (result && cutReason(result)) ?? [])[0];
    skips.add(cut ?? because('ip does not show counters', 'poor-tool'), 'errors (NT-IF-002)');
  }
  if (facts.interfaces !== undefined)
    skips.add(facts.noRoutes, 'interfaces with a default route (NT-IF-001)');
  if (facts.results.hardware)
    skips.add(facts.noHardware, "the counters of the hardware's drivers (NT-IF-003)");
  if (facts.results.softnet && !(facts.softnet.before && facts.softnet.after))
    skips.add('/proc/net/softnet_stat could not be read', 'the queues of the CPUs (NT-IF-004)');
  return skips;
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
