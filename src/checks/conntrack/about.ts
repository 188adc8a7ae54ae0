/** `conntrack` on the command line. */
import type { TextFlag } from '../../model/flag.ts';
import { defineAbout } from '../shared/about.ts';

const watch = {
  name: 'for',
  kind: 'text',
  value: 'DURATION',
  default: '3s',
  describe: 'How long to watch the counters grow',
} as const satisfies TextFlag;

/** How long the check watches counters. */
export interface ConntrackOptions {
  readonly watchMs: number;
}

export default defineAbout({
  id: 'conntrack',
  diagnosis: { after: ['mtu'] },
  thresholds: {
    conntrackCritical: {
      name: 'conntrack-critical',
      describe: 'Report a connection table as critical above this share of its limit',
      default: '95',
      type: 'share',
      least: 1,
    },
  },
  command: {
    place: 100,
    summary: "Check the connection table of a target's own namespace: full, refusing or stale",
    details: `Connections of Services, NetworkPolicies and NAT are tracked in the node's namespace, which a pod cannot see: check
node/NAME for them.`,
    synopsis: 'TARGET',
    examples: [
      {
        comment: 'A pod whose own rules track connections, as those of a mesh do',
        line: 'conntrack web-0',
      },
      { comment: 'A node, for a minute', line: 'conntrack node/node-1 --for 60s' },
    ],
    destinations: 'none',
    flags: [watch],
    options: (values): ConntrackOptions => ({ watchMs: values.duration(watch) }),
    measuringMs: ({ watchMs }) => watchMs,
  },
});
