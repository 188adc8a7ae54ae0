/**
 * What the evidence that the far side took at the moment of a miss means, as findings: those of the checks, by the same rules
 * as far as a single moment shows them. A diagnosis comes seconds later, when a short fault may be over. Pure.
 */
import { FINDINGS } from '../checks/findings.ts';
import { inPlace } from '../checks/in-place.ts';
import { occurrence } from '../checks/shared/rule.ts';
import type { ClusterChoice } from '../model/cluster-choice.ts';
import type { FindingMeta, Occurrence } from '../model/finding.ts';
import type { Finding, Quote, Severity, TargetInfo } from '../model/report.ts';
import type { MissEvidence, Outage, WatchGoal } from '../model/watch.ts';

/** As NT-CT-001 has it: above this share the table is as good as full. */
const FULL_SHARE = 0.95;

const METAS: ReadonlyMap<string, FindingMeta> = new Map(FINDINGS.map((meta) => [meta.id, meta]));

type Seen = Pick<Outage, 'evidence' | 'missed' | 'to' | 'destination'>;

/** The findings of one outage, the cause first; none where the evidence does not tell. */
export function causesOf(
  goal: WatchGoal,
  outage: Seen,
  target: TargetInfo,
  choice: ClusterChoice = {},
): readonly Finding[] {
  const found = [...fullTable(outage), ...firstOf(goal, outage)];
  return inPlace(found, target, choice);
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

const byName: Judge = (_goal, outage) => {
  const { reason, dns } = outage.evidence;
  if (dns === undefined) return undefined;
  const question = dns.name === '.' ? 'a query' : `a query for ${dns.name}`;
  switch (reason) {
    case 'dns-silent':
      return one('NT-DNS-001', 'critical', outage, `name server ${dns.server} did not answer ${question}`);
    case 'dns-failed':
      return dns.answer === 'Connection refused'
        ? one('NT-DNS-002', 'critical', outage, `name server ${dns.server} refused ${question}`)
        : one(
            'NT-DNS-004',
            'critical',
            outage,
            `name server ${dns.server} answered ${question} with ${dns.answer}`,
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
    seen !== undefined &&
    seen.out === 0 &&
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

/** What left and was not answered: one packet, or all of them. */
function silence(goal: WatchGoal, outage: Seen): Occurrence {
  const { seen, tries } = outage.evidence;
  const left = seen === undefined ? times(tries, 'probe') : times(seen.out, 'packet');
  const isOne = outage.missed === 1 && outage.to !== undefined;
  if (isOne)
    return one(
      'NT-LAT-002',
      'warning',
      outage,
      `one probe had no answer, and the next one had (${left} left)`,
    );
  const what = goal.probe === 'tcp' ? 'connections' : goal.probe === 'icmp' ? 'echo requests' : 'queries';
  return one(
    'NT-FW-001',
    'critical',
    outage,
    `${outage.missed} ${what} in a row had no answer, and no error came: of the first one ${left} left${seen === undefined || seen.in === 0 ? ', and nothing came back' : ''}`,
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

function one(id: string, severity: Severity, outage: Seen, said: string): Occurrence {
  const meta = METAS.get(id);
  if (meta === undefined) throw new Error(`there is no finding ${id}`);
  return occurrence(meta, severity, `${outage.destination}: ${said}.`, [quoteOf(outage.evidence)], {
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
