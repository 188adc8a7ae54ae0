import { advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Interface } from '../../../parsers/ip-addr.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { InterfacesFacts } from '../facts.ts';

const meta = {
  id: 'NT-IF-001',
  title: 'An interface is down or has no carrier',
  severities: ['critical', 'warning'],
  meaning:
    "The interface that carries the target's address or its routes is switched off, or the other end of its link is: nothing is sent or received through it, whatever routes and neighbours say.",
  rule: "Critical: an interface with the pod IP, a default route or a global address is not UP, or is UP without LOWER_UP. Not bridges and tunnels without a peer, and in the node's own namespace only those with the node's address or a default route. Warning: its carrier came or went during the run.",
  source: 'RFC 2863 (operational state); Linux: Documentation/networking/operstates.rst',
  remedy:
    'Without carrier, look at the other end: for a pod the veth on its node (ip -d link show, the number after @if is its index there), for hardware the cable and the switch port. Switched off here: ip link set IFACE up; routes that went with it come back when the pod is made again.',
  explains: { depth: 310, target: [...ALL_TRAFFIC, 'NT-ARP', 'NT-RT'] },
  remedyOutside:
    'Without carrier, look at the other end: of a veth its peer (ip -d link show, the number after @if is its index there), for hardware the cable and the switch port. Switched off here: ip link set IFACE up.',
  scope: 'host',
} as const;

function down(
  facts: InterfacesFacts,
  { name, flags, operstate, addresses, index, mac }: Interface,
): Occurrence[] {
  const isUp = flags.includes('UP');
  if (isUp && flags.includes('LOWER_UP')) return [];
  const carried = addresses.filter((a) => a.scope === 'global').map((a) => a.address);
  const what = isUp ? 'has no carrier: the other end of its link is down' : 'is switched off';
  return [
    occurrence(
      meta,
      'critical',
      `${name}${carried.length === 0 ? '' : `, which carries ${carried.join(', ')},`} ${what}.`,
      [
        {
          command: facts.results.interfaces?.command ?? [],
          excerpt: `${index}: ${name}: <${flags.join(',')}> state ${operstate}${mac === undefined ? '' : ` link/ether ${mac}`}`,
        },
      ],
      isUp
        ? {}
        : {
            remediation: advice`Find who switched it off. Routes that went with it do not come back by themselves. By hand:\n${onTarget('ip', 'link', 'set', name, 'up')}`,
          },
    ),
  ];
}

function flapping(facts: InterfacesFacts, { name }: Interface): Occurrence[] {
  const changes = facts.traffic.find((t) => t.name === name)?.carrierChanges ?? 0;
  if (changes <= 0) return [];
  const count = (list: InterfacesFacts['counted']['before']) =>
    list.find((l) => l.name === name)?.carrierChanges;
  return [
    occurrence(meta, 'warning', `The carrier of ${name} came or went ${changes} times during the run.`, [
      {
        command: facts.results.after?.command ?? [],
        excerpt: `${name} carrier_changes ${count(facts.counted.before)} before, ${count(facts.counted.after)} after`,
      },
    ]),
  ];
}

export const noCarrier: Rule<InterfacesFacts> = {
  meta,
  judge: (facts) => facts.needed.flatMap((i) => [...down(facts, i), ...flapping(facts, i)]),
};
