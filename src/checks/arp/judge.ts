/** From the evidence of an arp run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { cutReason, noIpJson } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, noTool, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import type { ArpFacts, ArpInput, Hop } from './facts.ts';
import { arpFacts } from './gathered.ts';
import { ARP_RULES } from './rules/index.ts';
import type { TunnelWay } from './tunnels.ts';

export function judgeArp(evidence: Evidence, input: ArpInput, words: PlaceWords = POD_WORDS): Judgement {
  const facts = arpFacts(evidence, input);
  return conclude(evidence, {
    found: ARP_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, words),
    measurements: measurements(facts),
    otherwise: () => outcome(facts, words),
  });
}

/** Without the table, what arping says is enough; without both nothing was measured. */
function outcome(facts: ArpFacts, words: PlaceWords): Outcome {
  const { ways, hops, results } = facts;
  const lost =
    ways.find((way) => way.destination.role === 'asked' && way.hop.value === undefined) ??
    ways.find((way) => way.hop.value === undefined && way.hop.skipped.code !== 'no-place');
  if (
    lost?.hop.skipped !== undefined &&
    (lost.destination.role === 'asked' || !ways.some((way) => way.hop.value))
  ) {
    const summary = `The way to ${lost.destination.label} could not be looked up: ${tell(lost.hop.skipped, words)}.`;
    return { status: lost.hop.skipped.code === 'no-tool' ? 'skip' : 'error', summary };
  }
  if (ways.every((way) => way.hop.value === undefined))
    return {
      status: 'skip',
      summary: 'There is no neighbour to probe: the target has no gateway and no name server.',
    };
  const unread = hops.filter((hop) => facts.neighbours === undefined && !wasAsked(hop));
  if (facts.neighbours === undefined && unread.length === hops.length) {
    const summary = `The neighbours could not be read: ${tell(noIpJson(results.neighbours), words)}.`;
    const isHere = results.neighbours?.status === 'exited' && cutReason(results.neighbours) === undefined;
    return { status: isHere ? 'skip' : 'error', summary };
  }
  if (hops.length === 0)
    return { status: 'pass', summary: 'No neighbour is needed: no destination is on a link that has any.' };
  return { status: 'pass', summary: whatWorks(facts) };
}

function wasAsked(hop: Hop): boolean {
  return hop.answers !== undefined && hop.answers.skipped === undefined;
}

function whatWorks(facts: ArpFacts): string {
  const answered = facts.hops.filter((hop) => (hop.answers?.macs.length ?? 0) > 0).length;
  const gateway = facts.hops.find((hop) => hop.isGateway);
  const at = gateway?.entry?.mac ?? gateway?.answers?.macs[0];
  const asked = facts.hops.filter(wasAsked).length;
  return `${facts.hops.length} next hop${facts.hops.length === 1 ? '' : 's'} on the link, provoked and then read${asked > 0 ? `: ${answered} of ${asked} that were asked by ARP answered` : ''}${gateway ? `; the gateway ${gateway.address} is ${at ?? 'without a MAC address'} (${gateway.entry?.state ?? 'no entry'})` : ''}.`;
}

function skipped(facts: ArpFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const { destination, hop } of facts.ways) {
    if (hop.skipped?.code !== 'no-place') skips.add(hop.skipped, `the way to ${destination.label}`);
  }
  for (const hop of facts.hops) {
    // The interface of a tunnel has no ARP, and so nothing to skip.
    if (hop.answers?.skipped?.code !== 'no-arp') skips.add(hop.answers?.skipped, `asking ${hop.address}`);
  }
  skips.add(facts.own.skipped, 'duplicates of own addresses (NT-ARP-004)');
  if (facts.unasked > 0)
    skips.add(
      `the target has more addresses, ${facts.unasked} of which ${facts.unasked === 1 ? 'was' : 'were'} left out`,
      'duplicates of all own addresses (NT-ARP-004)',
    );
  if (facts.neighbours === undefined)
    skips.add(noIpJson(facts.results.neighbours), 'the neighbour entries (NT-ARP-001, -002, -005)');
  skips.add(
    facts.hostsUnknown,
    'addresses that are used twice, and one host that answers for many (NT-ARP-004, -005)',
  );
  const { tableBefore, tableAfter } = facts.results;
  if (facts.tables.after === undefined) skips.add(tableReason(tableAfter), "the table's limits (NT-ARP-003)");
  else if (facts.tables.before === undefined)
    skips.add(tableReason(tableBefore), "growth of the table's overflows (NT-ARP-003)");
  skips.add(facts.tunnels?.skipped, 'the overlay to other nodes (NT-ARP-006)');
  return skips;
}

function tableReason(result: ProbeResult | undefined): Reason {
  if (result?.status === 'missing') return noTool('ip');
  const cut = result && cutReason(result);
  return cut === undefined ? because('ip does not show it', 'poor-tool') : because(cut);
}

function measurements(facts: ArpFacts): { readonly [key: string]: Json } {
  return {
    neighbours: facts.hops.map((hop) => ({
      address: hop.address,
      device: hop.device,
      gateway: hop.isGateway,
      mac: hop.entry?.mac ?? null,
      state: hop.entry?.state ?? null,
      answers: hop.answers === undefined || hop.answers.skipped !== undefined ? null : hop.answers.macs,
      neededBy: hop.users.map((user) => user.label),
    })),
    ...(facts.tunnels === undefined ? {} : { tunnels: facts.tunnels.value?.map(tunnelJson) ?? null }),
    table: tableJson(facts.tables, 'arp'),
    table6: tableJson(facts.tables, 'ndisc'),
  };
}

function tableJson({ before, after }: ArpFacts['tables'], protocol: 'arp' | 'ndisc'): Json {
  const [from, to] = [before?.[protocol], after?.[protocol]];
  if (to === undefined) return null;
  const { entries, limit, overflows } = to;
  return { entries, limit, overflows: from === undefined ? null : overflows - from.overflows };
}

function tunnelJson({ vxlan, route, hop, node, neighbour, remotes }: TunnelWay): Json {
  return {
    device: vxlan.name,
    vni: vxlan.vni ?? null,
    destination: route.text,
    hop,
    node: node?.name ?? null,
    mac: neighbour?.mac ?? null,
    remotes: [...remotes],
  };
}
