import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { portText } from '../detours.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { type MarkedWay, markedText, quoteMarked, type Taker } from '../marked-way.ts';
import { nameOf, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-PROXY-001',
  title: 'A rule of the target leads the connection to a proxy of its own',
  severities: ['critical', 'info'],
  meaning:
    "A rule in the target's own namespace (REDIRECT, DNAT or TPROXY, or a mark with a routing rule and a local route, as a service mesh's sidecar has them) takes every connection that it matches to a port of the target itself. Whatever listens there answers in the destination's place: an established connection says nothing about the destination, and if nothing listens, everything is refused. Before the sidecar has started, and after it has ended, that is so.",
  rule: 'The counter of such a rule on the way out grew by at least the connections that were tried, or it counts nothing and what was sent comes to it. The same of rules that set a mark, where a routing rule looks for that mark (or for the user, protocol or port) in a table whose route to the destination is local. Critical where they were refused, or by a local route got no answer; an info where something answered: then the destination was not measured.',
  source:
    "the rules' own counters, read before and after; the kernel looks for the route again where a mark was changed (ip_route_me_harder); TPROXY of iptables drops what no listener with IP_TRANSPARENT takes (net/netfilter/xt_TPROXY.c), that of nft lets it go on",
  remedy: advice`See who should listen there (${nettools`sockets ${TARGET}`}): a sidecar that has not started, or has ended, refuses all. For init containers exempt the user or the destination from the rule (Istio: traffic.sidecar.istio.io/excludeOutboundPorts), or use native sidecars, which start before them.`,
  explains: {
    depth: 720,
    subject: ['NT-PATH', 'NT-FW', 'NT-LAT', 'NT-HTTP', 'NT-SVC-003', 'NT-SVC-007', 'NT-SOCK-001', 'NT-TLS'],
  },
} as const;

function judge(path: PathFacts): Occurrence[] {
  const { cause, detour, destination } = path;
  if (!detour) return [];
  const { rule, packets } = detour;
  const quotes = [
    {
      command: rule.source === 'nft' ? ['nft', 'list', 'ruleset'] : ['iptables-save', '-c'],
      excerpt: `${rule.text}\n(${packets === undefined ? 'it counts nothing' : `+${packets} packets`})`,
    },
  ];
  const [severity, words] =
    cause.kind === 'refused'
      ? ([
          'critical',
          `${nameOf(path)} was not reached: a rule of the target leads the connection to its own ${portText(rule)}, where it is refused (${seen(path)}), so nobody listens there`,
        ] as const)
      : cause.kind === 'open' || cause.kind === 'stalled'
        ? ([
            'info',
            packets === undefined && !rule.isCertain
              ? `${nameOf(path)} was not measured for certain: a rule of the target, which counts nothing, may lead the connection to its own ${portText(rule)}, and then it is the proxy there that answers`
              : `${nameOf(path)} was not measured: a rule of the target leads the connection to its own ${portText(rule)}, and what answers is the proxy there`,
          ] as const)
        : ([undefined, ''] as const);
  if (severity === undefined) return [];
  return [occurrence(meta, severity, `${words}: ${rule.text}.`, quotes, { subject: destination.label })];
}

/** Of a local route. */
function judgeMarked(path: PathFacts): Occurrence[] {
  const { cause, marked, destination, detour } = path;
  if (marked?.kind !== 'here' || detour !== undefined || cause.kind === 'unmeasured') return [];
  const { taker, isCertain } = marked;
  const quotes = [...quoteMarked(marked), ...quoteReach(path)];
  const details = { subject: destination.label };
  const text = ledText(marked);
  if (cause.kind === 'open' || cause.kind === 'stalled' || cause.kind === 'no-datagram') {
    const isOwn = taker?.proxy === undefined || taker.fallsTo !== undefined;
    const who = isOwn ? "the target's own port" : 'the proxy on port';
    const verb = isCertain ? 'was not measured' : 'was not measured for certain';
    const what = cause.kind === 'no-datagram' ? 'what gets the datagram' : 'what answers';
    const since =
      taker?.fallsTo === undefined ? '' : `, since no transparent proxy listens on port ${taker.port}`;
    const perhaps = isCertain ? '' : ', where rules that count nothing are met';
    return [
      occurrence(
        meta,
        'info',
        `${nameOf(path)} ${verb}: ${text}, and ${what} is ${who} ${taker?.fallsTo ?? taker?.port} there${since}${perhaps}.`,
        quotes,
        details,
      ),
    ];
  }
  if (!isCertain) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} was not reached: ${text}${cause.kind === 'no-route' ? ', which has not that address' : takerText(taker)} (${seen(path)}).`,
      quotes,
      details,
    ),
  ];
}

/** With what hands it over, where that is a rule. */
function ledText(marked: MarkedWay): string {
  const proxy = marked.taker?.proxy;
  return `${markedText(marked)}, to the target itself${proxy === undefined ? '' : `, where ${proxy.rule.text} takes it`}`;
}

function takerText(taker: Taker | undefined): string {
  switch (taker?.listener) {
    case 'none':
      return `, and nothing listens on port ${taker.port} there`;
    case 'plain':
      return taker.proxy === undefined
        ? `, whose port ${taker.port} has a listener`
        : `, and what listens on port ${taker.port} there has not asked for connections to other addresses (IP_TRANSPARENT)`;
    case 'transparent':
      return `, and the proxy that listens on port ${taker.port} there does not take it`;
    default:
      return '';
  }
}

export const localDetour: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap((path) => [...judge(path), ...judgeMarked(path)]),
};
