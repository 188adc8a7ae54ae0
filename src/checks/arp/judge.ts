/** From the evidence of an arp run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { NO_SUCH_PLACE, noIpJson, noJson } from '../measured.ts';
import { Skips } from '../skipped.ts';
import type { ArpFacts, ArpInput, Hop } from './facts.ts';
import { arpFacts } from './gathered.ts';
import { ARP_RULES } from './rules/index.ts';
import type { TunnelWay } from './tunnels.ts';

export function judgeArp(evidence: Evidence, input: ArpInput): Judgement {
  const facts = arpFacts(evidence, input);
  const findings = [...ARP_RULES.flatMap((rule) => rule.judge(facts)), ...skipped(facts)];
  const worst = statusOf(findings);
  const status: CheckStatus = worst !== 'pass' ? worst : unmeasured(facts);
  return { status, summary: summary(facts, findings, status), measurements: measurements(facts), findings };
}

/** Without the table, what arping says is enough; without both nothing was measured. */
function unmeasured(facts: ArpFacts): CheckStatus {
  if (facts.ways.some((way) => way.hop.skipped === 'the image has no ip')) return 'skip';
  if (facts.neighbours === undefined && facts.hops.every((hop) => !wasAsked(hop))) {
    return facts.results.neighbours?.status === 'exited' ? 'skip' : 'error';
  }
  const blind = facts.ways.filter((way) => way.destination.role === 'asked' && way.hop.value === undefined);
  return blind.length > 0 || facts.ways.every((way) => way.hop.value === undefined) ? 'error' : 'pass';
}

function wasAsked(hop: Hop): boolean {
  return hop.answers !== undefined && hop.answers.skipped === undefined;
}

function summary(facts: ArpFacts, findings: readonly Finding[], status: CheckStatus): string {
  const first = findings.find((f) => f.severity !== 'info');
  if (first) return first.summary;
  if (status !== 'pass') {
    const lost = facts.ways.find((way) => way.hop.value === undefined && way.hop.skipped !== NO_SUCH_PLACE);
    return lost
      ? `The way to ${lost.destination.label} could not be looked up: ${lost.hop.skipped}.`
      : `The neighbours could not be read: ${noIpJson(facts.results.neighbours)}.`;
  }
  if (facts.hops.length === 0) return 'No neighbour is needed: no destination is on a link that has any.';
  const answered = facts.hops.filter((hop) => (hop.answers?.macs.length ?? 0) > 0).length;
  const gateway = facts.hops.find((hop) => hop.isGateway);
  const at = gateway?.entry?.mac ?? gateway?.answers?.macs[0];
  const asked = facts.hops.filter(wasAsked).length;
  return `${facts.hops.length} next hop${facts.hops.length === 1 ? '' : 's'} on the link, provoked and then read${asked > 0 ? `: ${answered} of ${asked} that were asked by ARP answered` : ''}${gateway ? `; the gateway ${gateway.address} is ${at ?? 'without a MAC address'} (${gateway.entry?.state ?? 'no entry'})` : ''}.`;
}

function skipped(facts: ArpFacts): Finding[] {
  const skips = new Skips();
  for (const { destination, hop } of facts.ways) {
    if (hop.skipped !== NO_SUCH_PLACE) skips.add(hop.skipped, `the way to ${destination.label}`);
  }
  for (const hop of facts.hops) {
    // The interface of a tunnel has no ARP, and so nothing to skip.
    if (!/not ARPable/.test(hop.answers?.skipped ?? ''))
      skips.add(hop.answers?.skipped, `asking ${hop.address}`);
  }
  skips.add(facts.own.skipped, 'duplicates of own addresses (NT-ARP-004)');
  if (facts.neighbours === undefined)
    skips.add(noIpJson(facts.results.neighbours), 'the neighbour entries (NT-ARP-001, -002, -005)');
  if (facts.table.after === undefined) {
    const { tableAfter } = facts.results;
    skips.add(
      tableAfter?.status === 'missing' ? 'the image has no ip' : "the image's ip does not show it",
      "the table's limits (NT-ARP-003)",
    );
  }
  const { vxlans, forwarding } = facts.results;
  for (const [result, tool] of [
    [vxlans, 'ip'],
    [forwarding, 'bridge'],
  ] as const) {
    if (result !== undefined && result.stdout === '')
      skips.add(noJson(result, tool), 'the overlay to other nodes (NT-ARP-006)');
  }
  return skips.findings();
}

function measurements(facts: ArpFacts): { readonly [key: string]: Json } {
  const { after, before } = facts.table;
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
    ...(facts.results.vxlans === undefined ? {} : { tunnels: facts.tunnels.map(tunnelJson) }),
    table: after
      ? {
          entries: after.entries,
          limit: after.limit,
          overflows: after.overflows - (before?.overflows ?? after.overflows),
        }
      : null,
  };
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
