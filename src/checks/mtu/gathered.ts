/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parsePathMtu } from '../../parsers/path-mtu.ts';
import { parsePing } from '../../parsers/ping.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parseTcpTransfer } from '../../parsers/tcp-transfer.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { read } from '../shared/measured.ts';
import { because, noRight, noTool } from '../shared/reason.ts';
import type { MtuFacts, MtuInput, MtuPath } from './facts.ts';
import { transfers } from './plan.ts';

export function mtuFacts(evidence: Evidence, input: MtuInput): MtuFacts {
  const { destinations, nodes = [], forwards = false, ownHost } = input;
  return {
    paths: destinations
      .map((destination) => pathOf(evidence, destination, input))
      // A node that answers no echo request is nobody's question: it only tells more of those that are.
      .filter(({ destination, icmp }) => icmp.value !== undefined || !nodes.includes(destination.id)),
    nodes,
    forwards,
    counters: counterSnapshots(evidence, 'counters', parseCounters),
    ...(ownHost === undefined ? {} : { ownHost }),
  };
}

function pathOf(evidence: Evidence, destination: Destination, input: MtuInput): MtuPath {
  const results = {
    icmp: evidence[`${destination.id}-path-mtu`],
    transfer: evidence[`${destination.id}-transfer`],
    fragments: evidence[`${destination.id}-fragments`],
  };
  return {
    destination,
    icmp: icmpOf(results.icmp),
    transfer: transfers(destination, input) ? transferOf(results.transfer) : undefined,
    fragments: read(results.fragments, 'ping', parsePing).value,
    results,
  };
}

function icmpOf(result: ProbeResult | undefined): MtuPath['icmp'] {
  return read(
    result,
    'sh',
    (text) => {
      const parsed = parsePathMtu(text);
      if (parsed === 'no-df') return noTool('ping that can forbid fragmentation (iputils)');
      if (parsed === 'loopback') return because('it is the target itself', 'itself');
      if (parsed === 'cut') return 'the search was cut off by its time limit';
      if (!('refused' in parsed)) return parsed;
      return /permitted|privilege|permission|cap_net_raw/i.test(parsed.refused)
        ? noRight('ICMP needs NET_RAW or a ping_group_range that holds this user')
        : parsed.refused;
    },
    { endsByTime: true },
  );
}

function transferOf(result: ProbeResult | undefined): MtuPath['transfer'] {
  return read(result, 'bash, which makes the connection', parseTcpTransfer, { endsByTime: true });
}
