import { advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { PingSeries } from '../../../parsers/ping.ts';
import type { ConnectWay } from '../../../parsers/tcp-connect.ts';
import { ledOnAdvice, ledOnText } from '../../shared/led-on.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { LatencyFacts, LatencyThresholds, PathFacts } from '../facts.ts';
import { MEASURE_LONGER } from '../longer.ts';

const meta = {
  id: 'NT-LAT-002',
  title: 'Packet loss',
  severities: ['warning', 'critical', 'info'],
  meaning:
    'Probes to this destination, or their answers, are dropped on the way. Every lost packet costs a TCP connection at least a retransmission time-out of 200 ms, a lost first packet a full second.',
  rule: 'At least 1 % (--loss-warning) or 5 % (critical, --loss-critical) of at least 50 probes are not answered, while others are; info where it is one probe in all the run, which may be chance, and where the gateway itself leaves them unanswered, while at least 50 probes of a destination behind it lost none. At least 2 and 5 % of the connections get no answer in 1.1 s or more, while others do (critical); where 12 more of them show that all that are lost go to one neighbour on the link, and none of the others, that next hop is named. A destination that was asked for and answers nothing at all, by ICMP or by TCP, is a loss of 100 % (critical).',
  source:
    'ours: TCP throughput falls with the square root of the loss (RFC 3649, section 1), and 1 % already costs most of it',
  remedy:
    "Find the hop: compare with a pod on the same node as the destination, and look at the interfaces' drops on both nodes (ip -s link). If nothing answers at all, check that the address is right and that no NetworkPolicy or firewall drops it.",
  // Retransmissions are counted for all destinations together.
  explains: {
    depth: 1000,
    target: ['NT-LAT-003'],
    subject: ['NT-LAT-001', 'NT-LAT-003', 'NT-LAT-005', 'NT-PERF'],
  },
  remedyOutside:
    "Find the hop: mtr ADDRESS, and look at the interfaces' drops at both ends (ip -s link). If nothing answers at all, check that the address is right and that no firewall drops it.",
} as const;

/** Of fewer, one that is lost would be more than 2 %. */
export const MIN_PROBES = 50;

/** How many echo requests were lost; nothing at all answered by ICMP is a filter, not loss, when TCP gets through. */
function lostOf({ icmp: { value: icmp } }: PathFacts): number {
  return icmp && icmp.received > 0 ? icmp.sent - icmp.received : 0;
}

/** So many in a row are no chance, whatever share is lost (ours). */
const LEAST_ROW = 5;
const MOST_SPELLS = 3;

/** Nothing for a while, and everything before and after it: that is no lossy way. */
function spellsText({ gaps, received }: PingSeries): string {
  if (received === 0 || gaps.length === 0 || gaps.length > MOST_SPELLS) return '';
  if (gaps.some((length) => length < LEAST_ROW)) return '';
  const rows =
    gaps.length === 1
      ? `in one spell (${gaps[0]} in a row)`
      : `in ${gaps.length} spells (${gaps.join(', ')} in a row)`;
  return `, all ${rows}: the way was shut for a while, as where forwarding, a route, a link or a rule goes off and on, and it carries all else`;
}

/** All of at least {@link MIN_PROBES} probes were answered, and none by a SYN that was sent again. */
function losesNothing({ icmp, tcp }: PathFacts): boolean {
  const tries = tcp.value?.tries ?? [];
  const connected = tries.filter((t) => t.outcome === 'connected' && t.ms < SYN_AGAIN_MS);
  const echoed = icmp.value?.received ?? 0;
  return (
    Math.max(connected.length, echoed) >= MIN_PROBES &&
    connected.length === tries.length &&
    echoed === (icmp.value?.sent ?? 0)
  );
}

/**
 * A destination behind the gateway that loses nothing: what passes through it is not dropped, then, and what it owes for
 * itself it answers when it likes, as routers do (control plane policing).
 */
function spared(path: PathFacts, paths: readonly PathFacts[]): PathFacts | undefined {
  if (path.destination.role !== 'gateway' || path.address === undefined) return undefined;
  return paths.find((other) => other.gateway === path.address && losesNothing(other));
}

const GATEWAY_ADVICE = advice`Nothing to mend. Measure the ways that you use: --to DEST.`;

function sparedText(behind: PathFacts | undefined): string {
  return behind === undefined
    ? ''
    : `; ${behind.destination.label} behind it loses nothing, so what passes through is not dropped: the gateway limits what it answers itself, as many routers do`;
}

function partialLoss(
  path: PathFacts,
  { lossWarning, lossCritical }: LatencyThresholds,
  isChance: boolean,
  behind: PathFacts | undefined,
): Occurrence[] {
  const icmp = path.icmp.value;
  if (!icmp || icmp.sent < MIN_PROBES || lostOf(path) === 0) return [];
  const share = 1 - icmp.received / icmp.sent;
  if (share < Math.min(lossWarning, lossCritical)) return [];
  return [
    occurrence(
      meta,
      isChance || behind !== undefined ? 'info' : share >= lossCritical ? 'critical' : 'warning',
      `${lostOf(path)} of ${icmp.sent} echo requests to ${path.destination.label} (${path.address}) got no answer: ${(share * 100).toFixed(0)} % loss${behind !== undefined ? sparedText(behind) : isChance ? '; once may be chance' : spellsText(icmp)}.`,
      quote(path.results.icmp, /packets transmitted|^From /, 3),
      {
        subject: path.destination.label,
        ...(behind !== undefined
          ? { remediation: GATEWAY_ADVICE }
          : isChance
            ? { remediation: MEASURE_LONGER }
            : {}),
      },
    ),
  ];
}

/** A SYN that was lost is sent again after 1 s (RFC 6298, 2.1). */
export const SYN_AGAIN_MS = 1000;
/** In less, nothing can be said of the second one. */
const LEAST_WAIT_MS = SYN_AGAIN_MS + 100;
/** One connection may be chance. */
const LEAST_CONNECTIONS = 2;
const LEAST_SHARE = 0.05;

/**
 * Some connections get no answer, in all their time, and others do: each has a port of its own, by which a hash of its
 * addresses chooses a next hop, a member of a link or a backend, while echo requests all take one way.
 */
/** All that the prober tells. */
const WAYS_QUOTED = 12;

function hopText({ hop, device }: ConnectWay): string {
  return `${hop} on ${device}`;
}

/** So many of them: that chance divides two equal next hops so has a probability of 1 in 128. */
const LEAST_WAYS = 8;

/** Of several next hops, the one by which all went that were lost, and none that was answered. */
function deadHop(ways: readonly ConnectWay[]): ConnectWay | undefined {
  const lost = ways.filter(({ isAnswered }) => !isAnswered);
  const answered = new Set(ways.filter(({ isAnswered }) => isAnswered).map(hopText));
  const [first] = lost;
  if (first === undefined || answered.size === 0 || ways.length < LEAST_WAYS) return undefined;
  return lost.every((one) => hopText(one) === hopText(first)) && !answered.has(hopText(first))
    ? first
    : undefined;
}

function lostConnections(path: PathFacts, behind: PathFacts | undefined): Occurrence[] {
  const tries = path.tcp.value?.tries ?? [];
  const silent = tries.filter((t) => t.outcome === 'unanswered' && t.ms >= LEAST_WAIT_MS).length;
  const answered = tries.filter((t) => t.outcome === 'connected' || t.outcome === 'refused').length;
  const share = silent / (silent + answered);
  const dead = deadHop(path.tcp.value?.ways ?? []);
  if (answered === 0 || silent < LEAST_CONNECTIONS || share < LEAST_SHARE) return [];
  return [
    occurrence(
      meta,
      behind === undefined ? 'critical' : 'info',
      `${silent} of ${silent + answered} connections to ${path.destination.label} (${path.address}) port ${path.port} got no answer, while the others did: ${(share * 100).toFixed(0)} % of them are lost${sparedText(behind)}${dead === undefined ? '' : `: those that are lost went to the next hop ${hopText(dead)}, and none of those that are answered did, so that next hop forwards nothing`}${dead === undefined && behind === undefined && path.ledOn !== undefined ? `: ${ledOnText(path.ledOn, false)}` : ''}.`,
      dead === undefined
        ? quote(path.results.tcp, /^(try|ok|failed|given up)/, 6)
        : quote(path.results.tcp, /^way /, WAYS_QUOTED),
      {
        subject: path.destination.label,
        // The one connection of the firewall check may be among those that are lost.
        covers: ['NT-FW-001'],
        remediation:
          behind !== undefined
            ? GATEWAY_ADVICE
            : dead !== undefined
              ? advice`Mend the next hop ${hopText(dead)} (a router without forwarding, or without a way back), or take it out of the route: ip route show, and ip route replace without it.`
              : path.ledOn !== undefined
                ? ledOnAdvice(path.ledOn)
                : advice`Look for a choice that is made for each connection and leads nowhere at times: several next hops of a route (ip route show, on the target and on the nodes), members of a bond, an address that two hosts have (${verbatim`kubectl nettools arp`}), a load balancer with a dead backend, or an accept queue that is full at the server (${verbatim`kubectl nettools sockets`} with it as the TARGET).`,
      },
    ),
  ];
}

function totalLoss(path: PathFacts): Occurrence[] {
  const tries = path.tcp.value?.tries ?? [];
  const tcpSilent =
    tries.length > 0 && tries.every((t) => t.outcome === 'unanswered' || t.outcome === 'error');
  const icmpSilent = path.icmp.value === undefined || path.icmp.value.received === 0;
  if (path.destination.role !== 'asked' || !tcpSilent || !icmpSilent) return [];
  const error = tries.find((t) => t.error)?.error;
  return [
    occurrence(
      meta,
      'critical',
      `${path.destination.label} (${path.address}) does not answer at all: ${error ? `connecting fails with "${error}"` : `no connection to port ${path.port}`}${path.icmp.value ? ', and no echo request was answered' : ''}.`,
      [
        ...quote(path.results.tcp, /^(try|ok|failed)|: /, 3),
        ...quote(path.results.icmp, /packets transmitted|^From /, 3),
      ],
      { subject: path.destination.label },
    ),
  ];
}

export const loss: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths, thresholds }) => {
    // One host that is a destination twice, as an endpoint and by its name, is asked once.
    const all = paths.map((path) => ({ path, behind: spared(path, paths) }));
    const lossy = all.flatMap(({ path, behind }) => (lostOf(path) > 0 && behind === undefined ? [path] : []));
    const isChance =
      lossy.every((path) => lostOf(path) === 1) && new Set(lossy.map(({ address }) => address)).size === 1;
    return all.flatMap(({ path, behind }) => [
      ...partialLoss(path, thresholds, isChance, behind),
      ...lostConnections(path, behind),
      ...totalLoss(path),
    ]);
  },
};
