/**
 * What the evidence that the far side took at the moment of a miss means, as findings: those of the checks, by the same rules
 * as far as a single moment shows them. A diagnosis comes seconds later, when a short fault may be over. Pure.
 */

import { linkCauses } from '../checks/causes.ts';
import { FINDINGS } from '../checks/findings.ts';
import { inPlace } from '../checks/in-place.ts';
import { occurrence } from '../checks/shared/rule.ts';
import type { ClusterChoice } from '../model/cluster-choice.ts';
import type { FindingMeta, Occurrence } from '../model/finding.ts';
import type { Finding, Quote, Severity, TargetInfo } from '../model/report.ts';
import type { MissEvidence, Outage, SlowNames, WatchGoal } from '../model/watch.ts';

/** As NT-CT-001 has it: above this share the table is as good as full. */
const FULL_SHARE = 0.95;

const METAS: ReadonlyMap<string, FindingMeta> = new Map(FINDINGS.map((meta) => [meta.id, meta]));

type Seen = Pick<Outage, 'evidence' | 'missed' | 'late' | 'to' | 'destination' | 'noEndpointsAt'>;

/** The findings of one outage, the cause first; none where the evidence does not tell. */
export function causesOf(
  goal: WatchGoal,
  outage: Seen,
  target: TargetInfo,
  choice: ClusterChoice = {},
): readonly Finding[] {
  const found = [...noEndpoint(outage), ...fullTable(outage), ...firstOf(goal, outage)];
  return linkCauses(inPlace(found, target, choice));
}

/** The first name server of resolv.conf failed for some look-ups, and another one answered them. */
export function slowNamesOf(
  { destination }: WatchGoal,
  { server, answer, by, count, to }: Omit<SlowNames, 'findings'>,
  target: TargetInfo,
  choice: ClusterChoice = {},
): readonly Finding[] {
  const isOnce = count === 1 && to !== undefined;
  const [what, cost] =
    answer === 'silent'
      ? ['did not reply', "programs wait for the resolver's time-out (5 s, or as resolv.conf says) first"]
      : [`failed (${answer})`, 'programs ask that one then'];
  const many = count === undefined ? '' : ` for ${times(count, 'look-up')}`;
  const found = occurrence(
    metaOf('NT-DNS-009'),
    isOnce ? 'info' : 'warning',
    `${destination}: name server ${server}, the first of resolv.conf, ${what}${many}; ${by} answered: ${cost}.`,
    [
      {
        command: ['nettools-prober', 'watch-start'],
        excerpt: `name server ${server} ${answer}, ${by} answered`,
      },
    ],
    { subject: destination },
  );
  return inPlace([found], target, choice);
}

/** As the API said while it lasted: kube-proxy refuses what has none, and the refusal is all that a probe sees. */
function noEndpoint(outage: Seen): Occurrence[] {
  const { noEndpointsAt, evidence } = outage;
  if (noEndpointsAt === undefined) return [];
  const meta = metaOf('NT-SVC-001');
  const said = `${outage.destination}: it had no ready endpoint: the API said so at ${noEndpointsAt.slice(11, 19)}, while it failed.`;
  return [occurrence(meta, 'critical', said, [quoteOf(evidence)], { subject: outage.destination })];
}

function firstOf(goal: WatchGoal, outage: Seen): Occurrence[] {
  const { evidence } = outage;
  for (const rule of [refusedByRoute, noLink, noNeighbour, byIcmp, byName, bySocket]) {
    const found = rule(goal, outage);
    if (found !== undefined) return [found];
  }
  return evidence.reason === 'silent' ? [silence(goal, outage)] : [];
}

type Judge = (goal: WatchGoal, outage: Seen) => Occurrence | undefined;

/** A route that refuses, or none; by the lookup or, where that is over by now, by the error of the probe. */
const refusedByRoute: Judge = (_goal, outage) => {
  const { route, reason, icmp, error } = outage.evidence;
  const type = route?.type;
  if (type === 'blackhole' || type === 'unreachable' || type === 'prohibit')
    return one(
      'NT-RT-002',
      'critical',
      outage,
      `the target's own ${type} route refused it: nothing was sent`,
    );
  if (type === 'none')
    return one('NT-RT-001', 'critical', outage, 'the target had no route to it: nothing was sent');
  if (reason !== 'no-route' || icmp !== undefined) return undefined;
  return /^Network is unreachable/.test(error)
    ? one('NT-RT-001', 'critical', outage, 'the target had no route to it: nothing was sent')
    : one(
        'NT-RT-002',
        'critical',
        outage,
        `a route or rule of the target refused it (${error}): nothing was sent`,
      );
};

const noLink: Judge = (_goal, outage) => {
  const { link, route } = outage.evidence;
  if (link === undefined || (link.up && link.carrier)) return undefined;
  const device = route?.device ?? 'the interface';
  return one('NT-IF-001', 'critical', outage, `${device} ${link.up ? 'had no carrier' : 'was down'}`);
};

const noNeighbour: Judge = (_goal, outage) => {
  const { neighbour, route, seen, icmp, reason } = outage.evidence;
  if (neighbour === undefined) return undefined;
  const silent = neighbour.state === 'FAILED' || neighbour.state === 'INCOMPLETE';
  // It has none where it failed before and was forgotten: what was seen is that only questions for it left.
  const asked = neighbour.state === 'none' && seen !== undefined && seen.out === 0 && seen.arp > 0;
  const lost =
    reason === 'silent' || reason === 'unreachable' || reason === 'dns-silent' || reason === 'dns-failed';
  if (!lost || !(silent || asked) || (icmp !== undefined && icmp.sender !== route?.source)) return undefined;
  const questions =
    seen === undefined || seen.arp === 0 ? '' : `, and ${times(seen.arp, 'question')} for it left`;
  const state = asked ? 'was unknown' : `was ${neighbour.state}`;
  const isGateway = route?.gateway !== undefined;
  return one(
    isGateway ? 'NT-ARP-001' : 'NT-ARP-002',
    'critical',
    outage,
    `the ${isGateway ? 'gateway' : 'neighbour'} ${neighbour.address} on ${route?.device ?? 'the link'} ${state}${questions}`,
  );
};

const byIcmp: Judge = (goal, outage) => {
  const { icmp, address } = outage.evidence;
  if (icmp === undefined) return undefined;
  const { type, code, sender } = icmp;
  const six = sender.includes(':');
  const from = sender === address ? `${sender} itself` : sender;
  const unreachable = type === (six ? 1 : 3);
  const says = `ICMP ${type}/${code} from ${from}`;
  if (unreachable && (six ? code === 1 : code === 9 || code === 10 || code === 13))
    return one('NT-FW-003', 'critical', outage, `a filter prohibited it: ${says}`);
  if (unreachable && code === (six ? 4 : 3))
    // A kernel answers a closed TCP port with a reset, a closed UDP port with this.
    return goal.probe === 'tcp' || sender !== address
      ? one('NT-FW-004', 'critical', outage, `a filter refused it: ${says}`)
      : one('NT-SOCK-001', 'critical', outage, `nothing listened on its port: ${says}`);
  if (unreachable && code === 0)
    return one('NT-RT-007', 'critical', outage, `a router had no route: ${says}`);
  if (unreachable && (six ? code === 3 : code === 1))
    return one('NT-ARP-002', 'critical', outage, `a router did not find the next hop: ${says}`);
  if (type === (six ? 3 : 11))
    return one('NT-RT-011', 'critical', outage, `its packets went in a circle: ${says}`);
  return undefined;
};

const byName: Judge = (goal, outage) => {
  const { reason, dns } = outage.evidence;
  if (dns === undefined) return undefined;
  const { before } = dns;
  const also =
    before === undefined ? '' : `, and ${before.server} before it was no help either (${before.answer})`;
  // A DEST that is a DNS server need not be one of resolv.conf.
  const ownServer =
    goal.probe === 'dns' && dns.server === outage.evidence.address ? ', which is watched itself,' : '';
  const question = dns.name === '.' ? 'a query' : `a query for ${dns.name}`;
  switch (reason) {
    case 'dns-silent':
      return one(
        'NT-DNS-001',
        'critical',
        outage,
        `name server ${dns.server} did not answer ${question}${also}`,
      );
    case 'dns-failed':
      return dns.answer === 'Connection refused'
        ? one('NT-DNS-002', 'critical', outage, `name server ${dns.server} refused ${question}${also}`)
        : one(
            'NT-DNS-004',
            'critical',
            outage,
            `name server ${dns.server}${ownServer} answered ${question} with ${dns.answer}${also}`,
          );
    case 'no-name':
      return one(
        'NT-DNS-005',
        'critical',
        outage,
        `name server ${dns.server} said of ${dns.name}: ${dns.answer}`,
      );
    default:
      return undefined;
  }
};

const bySocket: Judge = (goal, outage) => {
  const { reason, seen, error } = outage.evidence;
  if (reason === 'refused')
    return one(
      'NT-SOCK-001',
      'critical',
      outage,
      'nothing listened on its port: the destination itself refused the connection',
    );
  if (reason === 'no-port')
    return one('NT-SOCK-004', 'critical', outage, `the target had no local port left (${error})`);
  if (reason === 'not-permitted')
    return one('NT-FW-002', 'critical', outage, `a filter of the target took it on its way out (${error})`);
  // The socket has sent it, and a packet socket behind the filter has not seen it.
  if (
    (reason === 'silent' || reason === 'dns-silent') &&
    seen?.out === 0 &&
    isKnownOnTheWire(goal, outage.evidence) &&
    goal.host !== '127.0.0.1'
  )
    return one(
      'NT-FW-002',
      'critical',
      outage,
      `the probe never left the target's namespace: a filter there took it`,
    );
  return undefined;
};

/**
 * Whether what leaves has the address of the probe: the last one was seen, or nobody translates. A namespace without one
 * tracked connection has no NAT; but what a Service's address becomes may be decided at the socket (Cilium), untracked, and
 * which address a name has is not told here.
 */
function isKnownOnTheWire(goal: WatchGoal, { seen, conntrack, reason, address }: MissEvidence): boolean {
  if (seen?.before === true) return true;
  return conntrack?.count === 0 && goal.service === undefined && reason === 'silent' && goal.host === address;
}

/** What left and was not answered: one packet, or all of them. */
function silence(goal: WatchGoal, outage: Seen): Occurrence {
  const { tries } = outage.evidence;
  // None that was seen may have left with another address.
  const seen = outage.evidence.seen?.out === 0 ? undefined : outage.evidence.seen;
  const left =
    seen === undefined
      ? `${times(tries, 'packet')} sent, as far as the socket knows`
      : `${times(seen.out, 'packet')} left`;
  const { late = 0 } = outage;
  if (late * 2 >= outage.missed && late > 0)
    return one(
      'NT-LAT-001',
      'warning',
      outage,
      `to ${late} of ${times(outage.missed, 'missed probe')} an answer came, later than a second: what carries them is slow, and does not drop them`,
    );
  const isOne = outage.missed === 1 && outage.to !== undefined;
  if (isOne)
    return one('NT-LAT-002', 'warning', outage, `one probe had no answer, and the next one had (${left})`);
  const what = goal.probe === 'tcp' ? 'connections' : goal.probe === 'icmp' ? 'echo requests' : 'queries';
  return one(
    'NT-FW-001',
    'critical',
    outage,
    `${outage.missed} ${what} in a row had no answer, and no error came: of the first one ${left}${seen === undefined || seen.in === 0 ? ', and nothing came back' : ''}`,
  );
}

function fullTable(outage: Seen): Occurrence[] {
  const { conntrack, reason } = outage.evidence;
  if (conntrack === undefined || conntrack.count < conntrack.max * FULL_SHARE) return [];
  if (reason !== 'silent' && reason !== 'not-permitted' && reason !== 'dns-silent') return [];
  const found = one(
    'NT-CT-001',
    'critical',
    outage,
    `the connection table had ${conntrack.count} of ${conntrack.max} entries`,
  );
  return found === undefined ? [] : [found];
}

function metaOf(id: string): FindingMeta {
  const meta = METAS.get(id);
  if (meta === undefined) throw new Error(`there is no finding ${id}`);
  return meta;
}

function one(id: string, severity: Severity, outage: Seen, said: string): Occurrence {
  return occurrence(metaOf(id), severity, `${outage.destination}: ${said}.`, [quoteOf(outage.evidence)], {
    subject: outage.destination,
  });
}

function times(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The evidence in lines, as a quote. */
export function quoteOf(evidence: MissEvidence): Quote {
  const { reason, error, address, icmp, route, neighbour, link, dns, counters, seen } = evidence;
  const grown = Object.entries(counters).map(([name, by]) => `${name} +${by}`);
  const lines = [
    `probe ${address} ${reason}${error === '' ? '' : ` (${error})`}`,
    ...(icmp === undefined ? [] : [`icmp from ${icmp.sender} type ${icmp.type} code ${icmp.code}`]),
    ...(dns === undefined ? [] : [`dns ${dns.server} ${dns.name} ${dns.answer}`]),
    ...(route === undefined
      ? []
      : [
          `route ${[route.type, route.gateway && `via ${route.gateway}`, route.device && `dev ${route.device}`, route.source && `src ${route.source}`, route.error].filter(Boolean).join(' ')}`,
        ]),
    ...(neighbour === undefined
      ? []
      : [
          `neighbour ${neighbour.address} ${neighbour.state}${neighbour.mac === undefined ? '' : ` ${neighbour.mac}`}`,
        ]),
    ...(link === undefined || (link.up && link.carrier)
      ? []
      : [`link ${link.up ? 'up' : 'down'}, ${link.carrier ? 'carrier' : 'no carrier'}`]),
    ...(seen === undefined
      ? []
      : [`packets of the probe: ${seen.out} out, ${seen.in} in; ${seen.arp} ARP requests out`]),
    ...(grown.length === 0 ? [] : [`counters ${grown.join(', ')}`]),
  ];
  return { command: ['nettools-prober', 'watch-start'], excerpt: lines.join('\n').slice(0, 600) };
}
