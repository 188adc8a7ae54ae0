import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { InterfacesFacts, Traffic } from '../facts.ts';

const meta = {
  id: 'NT-IF-002',
  title: 'An interface has errors',
  severities: ['warning'],
  meaning:
    "The interface counts packets that it could not receive or send. They are lost, and cost connections retransmissions. On hardware the cause is a cable, a transceiver or a duplex mismatch; on a tunnel, packets for which there is no way to the tunnel's other end.",
  rule: 'During the run, more than 1 % of at least 50 packets of one direction were errors, and at least 2.',
  source:
    'node-mixin: NodeNetworkReceiveErrs and NodeNetworkTransmitErrs, more than 1 %; the least counts are ours',
  remedy: advice`See which errors they are: ${nettools`run ${TARGET} -- ip -s -s link show dev IFACE`}. For hardware, ethtool -S on the node; for a tunnel (vxlan, ipip, gre), whether its remote end has a route.`,
  explains: { depth: 990, target: ['NT-LAT-002', 'NT-LAT-003', 'NT-LAT-005', 'NT-DNS-012'] },
} as const;

const SHARE = 0.01;
const LEAST_PACKETS = 50;
const LEAST_ERRORS = 2;

function judge(facts: InterfacesFacts, traffic: Traffic, direction: 'received' | 'sent'): Occurrence[] {
  const { packets, errors } = traffic[direction];
  // What could not be sent is counted as an error only; what was received broken, in some drivers as both.
  const all = packets + errors;
  if (all < LEAST_PACKETS || errors < LEAST_ERRORS || errors / all <= SHARE) return [];
  const count = (list: InterfacesFacts['counted']['before']) =>
    list.find((l) => l.name === traffic.name)?.[direction].errors;
  return [
    occurrence(
      meta,
      'warning',
      `${errors} of ${all} packets ${direction === 'sent' ? 'to be sent' : 'received'} on ${traffic.name} were errors (${((errors / all) * 100).toFixed(0)} %).`,
      [
        {
          command: facts.results.after?.command ?? [],
          excerpt: `${traffic.name} ${direction === 'sent' ? 'tx' : 'rx'} errors ${count(facts.counted.before)} before, ${count(facts.counted.after)} after; packets +${packets}`,
        },
      ],
    ),
  ];
}

export const errors: Rule<InterfacesFacts> = {
  meta,
  judge: (facts) =>
    facts.traffic.flatMap((traffic) => [
      ...judge(facts, traffic, 'received'),
      ...judge(facts, traffic, 'sent'),
    ]),
};
