/** The commands of one source: all its destinations at once. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import type { MatrixGoal } from '../../model/matrix.ts';
import { reachProbe } from '../shared/reach-probe.ts';

/** What the check gets before it runs; plain JSON. */
export interface MatrixInput {
  readonly goals: readonly MatrixGoal[];
  /** Whether its name server is the cluster's; a node has its own. */
  readonly asksDns: boolean;
}

/** So many show whether a way loses packets, and leave the pod's network to its owner. */
export const ECHOES = 10;
const ECHO_INTERVAL_MS = 200;
/** A neighbour that stays silent becomes an error after 3 s (RFC 4861, 7.2.2). */
const ECHO_SECONDS = 5;
const ECHO_LIMIT_SECONDS = 7;
/** Twice, as the first one may have waited for a neighbour. */
const CONNECTS = 2;
const CONNECT_LIMIT_SECONDS = 7;
/** A black hole is searched for in silence: some 6 s. */
const SEARCH_LIMIT_SECONDS = 14;
/** Three datagrams, a second each, and as long again for a target whose CPU is short. */
const DATAGRAM_LIMIT_SECONDS = 7;

export function planMatrix({ goals, asksDns }: MatrixInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [],
    probe: [
      ...goals.flatMap((goal) => goal.addresses.flatMap((address) => probesOf(goal, address, scripts))),
      ...(asksDns ? [datagramProbe('own-dns', '%dns%', '53', scripts)] : []),
      connectProbe('own-service', '%apiserver%', '%apiserver-port%', scripts),
    ],
    after: [],
  };
}

/** The ids of the commands to one address begin with it. */
export function probeId({ destination }: Pick<MatrixGoal, 'destination'>, family: 4 | 6): string {
  return `d${destination}v${family}`;
}

function probesOf(
  goal: MatrixGoal,
  { family, host }: MatrixGoal['addresses'][number],
  scripts: ProbeScripts,
): ProbeCommand[] {
  const id = probeId(goal, family);
  const { tcpPort, udpPort, isVirtual } = goal;
  const echo = ['sh', '-c', scripts.ping, 'ping', host, ECHOES, ECHO_INTERVAL_MS, ECHO_SECONDS].map(String);
  return [
    ...(isVirtual
      ? []
      : [
          {
            id: `${id}-icmp`,
            argv: echo,
            timeoutSeconds: ECHO_LIMIT_SECONDS,
            display: ['ping', '-n', '-c', String(ECHOES), host],
          },
          {
            id: `${id}-full`,
            argv: ['sh', '-c', scripts.pathMtu, 'path-mtu', host],
            timeoutSeconds: SEARCH_LIMIT_SECONDS,
            display: ['path-mtu', host],
          },
        ]),
    connectProbe(`${id}-tcp`, host, tcpPort, scripts),
    ...(udpPort === undefined ? [] : [datagramProbe(`${id}-udp`, host, udpPort, scripts)]),
  ];
}

function datagramProbe(id: string, host: string, port: string, scripts: ProbeScripts): ProbeCommand {
  return {
    ...reachProbe({ id, host, port, protocol: 'udp' }, scripts, false),
    timeoutSeconds: DATAGRAM_LIMIT_SECONDS,
  };
}

function connectProbe(id: string, host: string, port: string, scripts: ProbeScripts): ProbeCommand {
  return {
    id,
    argv: ['bash', '-c', scripts.tcpConnect, 'tcp-connect', host, port, String(CONNECTS), '200', '4000'],
    timeoutSeconds: CONNECT_LIMIT_SECONDS,
    display: ['tcp-connect', host, port],
  };
}
