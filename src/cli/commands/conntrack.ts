import type { TextFlag } from '../flag.ts';
import { conntrackThresholds } from '../flags/thresholds.ts';
import { checkCommand } from './check-command.ts';

const watch = {
  name: 'for',
  kind: 'text',
  value: 'DURATION',
  default: '3s',
  describe: 'Time in which counters have to grow to count',
} as const satisfies TextFlag;

export const conntrack = checkCommand({
  name: 'conntrack',
  summary: "Look at the connection table of a target's own namespace: full, refusing, or stale",
  details: `Connections of Services, NetworkPolicies and NAT are tracked in the node's namespace, which a pod does not see:
look at node/NAME for them.`,
  synopsis: 'TARGET',
  examples: [
    { comment: 'Of a pod whose own rules track connections, such as a mesh makes', line: 'conntrack web-0' },
    { comment: 'Of a node, for a minute', line: 'conntrack node/node-1 --for 60s' },
  ],
  flags: [watch, ...conntrackThresholds],
  ownArgs: (values) => ({ conntrack: { watchMs: values.duration(watch) } }),
  load: async () => (await import('../../commands/check.ts')).conntrack,
});
