/** The commands of the conntrack check: a snapshot, some time, a snapshot. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { ConntrackInput } from './facts.ts';

const SNAPSHOT_LIMIT_SECONDS = 5;
/** Who fills the table is counted where it is fuller; NT-CT-001 begins a little above. */
const HOLDERS_PERCENT = 70;

export function planConntrack(input: ConntrackInput, scripts: ProbeScripts): StagedPlan {
  const { watchMs, services } = input;
  return {
    before: [
      command('status', ['cat', '/proc/self/status']),
      ...counters('before'),
      ...(input.isNode ? OF_NODE : []),
      ...(services ? [...lists('before'), ...holes(input, 'before')] : []),
    ],
    probe:
      watchMs > 0
        ? [
            {
              id: 'watch',
              argv: ['sleep', (watchMs / 1000).toString()],
              timeoutSeconds: Math.ceil(watchMs / 1000) + 1,
            },
          ]
        : [],
    after: [
      ...counters('after'),
      ...holders(input, scripts),
      ...(services ? [...lists('after'), ...holes(input, 'after')] : []),
    ],
  };
}

/** What a node tracks, and for how long. */
const OF_NODE: readonly ProbeCommand[] = [
  command('established', ['cat', '/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established']),
  command('liberal', ['cat', '/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal']),
  snapshot('nft'),
  snapshot('iptables'),
  snapshot('iptablesLegacy'),
];

function counters(stage: string): ProbeCommand[] {
  return [
    command(`fill-${stage}`, [
      'cat',
      '/proc/sys/net/netfilter/nf_conntrack_count',
      '/proc/sys/net/netfilter/nf_conntrack_max',
    ]),
    command(`stats-${stage}`, ['conntrack', '-S']),
    command(`proc-${stage}`, ['cat', '/proc/net/stat/nf_conntrack']),
  ];
}

/**
 * Only what can be stale and harm: a UDP client keeps its entry alive by sending, and a TCP client that gets no answer
 * has just begun. A node's whole table is many megabytes.
 */
function lists(stage: string): ProbeCommand[] {
  return [
    command(`udp-${stage}`, ['conntrack', '-L', '--dst-nat', '-p', 'udp']),
    command(`tcp-${stage}`, ['conntrack', '-L', '--dst-nat', '-p', 'tcp', '--state', 'SYN_SENT']),
  ];
}

/** Who fills a node's table; a pod's own is nearly empty, and the script would be sent to each. */
function holders({ isNode }: ConntrackInput, scripts: ProbeScripts): ProbeCommand[] {
  if (!isNode) return [];
  return [
    {
      id: 'holders',
      argv: ['sh', '-c', scripts.conntrackHolders, 'conntrack-holders', String(HOLDERS_PERCENT)],
      timeoutSeconds: 10,
      display: ['conntrack-holders', String(HOLDERS_PERCENT)],
    },
  ];
}

/** A node's list is filtered there: all of it is megabytes. What is looked for is data, and no part of the script. */
const UNANSWERED = 'conntrack -L -p udp 2>/dev/null | grep -F UNREPLIED | grep -F -e "$1"; :';
/** More are not looked for. */
const MAX_PATTERNS = 1000;

/** UDP to a Service or to a hostPort that has no answer, whether translated or not. */
export function holes(
  { isNode, services = [], hostPorts = [] }: ConntrackInput,
  stage: string,
): ProbeCommand[] {
  const patterns = [
    ...services
      .filter(
        ({ ports, endpoints }) => endpoints.length > 0 && ports.some(({ protocol }) => protocol === 'udp'),
      )
      .flatMap(({ addresses }) => addresses.map((address) => `dst=${address} `)),
    ...hostPorts.map(({ port }) => `dport=${port} `),
  ].slice(0, MAX_PATTERNS);
  if (!isNode || patterns.length === 0) return [];
  return [
    {
      id: `holes-${stage}`,
      argv: ['sh', '-c', UNANSWERED, 'conntrack', patterns.join('\n')],
      timeoutSeconds: SNAPSHOT_LIMIT_SECONDS,
      display: ['conntrack', '-L', '-p', 'udp'],
    },
  ];
}

function command(id: string, argv: readonly string[]): ProbeCommand {
  return { id, argv, timeoutSeconds: SNAPSHOT_LIMIT_SECONDS };
}
