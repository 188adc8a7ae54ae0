import { advice, nettools, TARGET } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { portText } from '../detours.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, seen } from '../path.ts';

const meta = {
  id: 'NT-PROXY-001',
  title: 'A rule of the target leads the connection to a proxy of its own',
  severities: ['critical', 'info'],
  meaning:
    "A rule in the target's own namespace (REDIRECT or DNAT, as a service mesh's sidecar has it) takes every connection that it matches to a port of the target itself. Whatever listens there answers in the destination's place: an established connection says nothing about the destination, and if nothing listens, everything is refused. Before the sidecar has started, and after it has ended, that is so.",
  rule: 'The counter of such a rule on the way out grew by at least the connections that were tried, or it counts nothing and what was sent comes to it. Critical where they were refused; an info where something answered: then the destination was not measured.',
  source: "the rules' own counters, read before and after",
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

export const localDetour: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
