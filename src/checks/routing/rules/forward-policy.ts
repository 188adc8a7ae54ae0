import type { Occurrence } from '../../../model/finding.ts';
import { bitsOf, contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import type { IptablesTable } from '../../../parsers/iptables-tables.ts';
import { longestMatch } from '../../shared/lookup.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type Outcome, walk } from '../../shared/walk.ts';
import type { RoutingFacts } from '../facts.ts';

const meta = {
  id: 'NT-RT-010',
  title: 'The node drops what its pods send to other nodes',
  severities: ['critical'],
  meaning:
    "What pods send beyond their node passes the node's FORWARD chain, and here every new connection to another node's pods ends at a rule or a policy that drops or rejects it. Docker and ufw set the policy of FORWARD to DROP, and no rule accepts the pods' address range. Pods of one node reach each other, and the node itself reaches everything.",
  rule: "In a node's own network namespace: a new TCP connection from its pod range to another node's certainly ends at a rule or the policy of the chain FORWARD (filter table of iptables, both kinds) that drops or rejects. A rule that accepts by a mark accepts what kube-proxy has marked, not these.",
  source: 'iptables(8); kubernetes/kubernetes#45022, flannel-io/flannel#799',
  remedy:
    'Accept the pod ranges on every node (iptables -I FORWARD -s RANGE -j ACCEPT; iptables -I FORWARD -d RANGE -j ACCEPT), as network plugins do, or set the policy to ACCEPT: iptables -P FORWARD ACCEPT. Keep it where it was changed: ufw has DEFAULT_FORWARD_POLICY, and Docker "ip-forward-no-drop": true in daemon.json.',
} as const;

/** A host of the range: its first address is the network's own. */
function hostOf(range: string): string | undefined {
  const prefix = parsePrefix(range);
  if (prefix?.family !== 'inet' || prefix.length > 30) return undefined;
  const value = (prefix.value >> BigInt(32 - prefix.length)) << BigInt(32 - prefix.length);
  return [24n, 16n, 8n, 0n].map((shift) => String(((value + 2n) >> shift) & 255n)).join('.');
}

/** The rule or policy at which it ends whatever else is true; `undefined`: it may pass. */
function certainStop(outcomes: readonly Outcome[]): Outcome | undefined {
  const passes = outcomes.some(
    ({ verdict, matches }) =>
      verdict !== 'drop' && verdict !== 'reject' && !matches.some(({ option }) => option === '--mark'),
  );
  return passes ? undefined : outcomes.at(-1);
}

function judge(facts: RoutingFacts): Occurrence[] {
  const { pod, cluster, routes, filters } = facts;
  if (!pod.hostNetwork || !cluster || !routes) return [];
  const source = cluster.podRanges.flatMap((range) => hostOf(range) ?? [])[0];
  if (source === undefined) return [];
  const device = (address: string): string | undefined => {
    const prefix = parsePrefix(address);
    const main = routes.filter(({ table, family }) => table === 'main' && family === 'inet');
    return prefix && longestMatch({ ...prefix, length: bitsOf('inet') }, main)?.devices[0];
  };
  for (const { name, podRanges } of cluster.others) {
    const destination = podRanges.flatMap((range) => hostOf(range) ?? [])[0];
    const out = destination === undefined ? undefined : device(destination);
    const into = device(source);
    if (destination === undefined || out === undefined || into === undefined) continue;
    const packet = {
      protocol: 'tcp' as const,
      source,
      destination,
      in: { is: into },
      out: { is: out },
      isToHost: false,
    };
    for (const { tables, result } of filters) {
      const stop = certainStop(
        walk(tables as ReadonlyMap<string, IptablesTable>, 'filter', 'FORWARD', packet),
      );
      if (stop === undefined) continue;
      const own = cluster.podRanges.find((range) => {
        const [prefix, host] = [parsePrefix(range), parsePrefix(source)];
        return prefix && host && contains(prefix, host);
      });
      const what = stop.isPolicy ? 'no rule of FORWARD accepts them, and its policy is' : 'they end at';
      return [
        occurrence(
          meta,
          'critical',
          `The node drops what its pods (${own}) send to those of ${name}: ${what} ${stop.text} (${stop.packets} ${stop.packets === 1 ? 'packet' : 'packets'} so far).`,
          [{ command: result.command, excerpt: `[${stop.packets}] ${stop.text}` }],
        ),
      ];
    }
  }
  return [];
}

export const forwardPolicy: Rule<RoutingFacts> = { meta, judge };
