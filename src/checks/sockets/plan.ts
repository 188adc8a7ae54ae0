/** The commands of the sockets check: who listens, and what the kernel counts over a second. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { oddSockets, snapshot } from '../shared/snapshots.ts';
import type { SocketsInput } from './facts.ts';

const LIMIT_SECONDS = 5;
/** Long enough for a busy server to overflow again, and no longer than other checks take anyway. */
const WATCH_SECONDS = '1';

/** The run's own connections come after the first look, and are over before the last. Only one in between may see them. */
const WAITING = ['ss', '-tnoH', 'state', 'syn-sent'] as const;
/** At the end of the second that counters are watched: a program between two tries is not between them again. */
const WAITING_LATER = ['sh', '-c', 'sleep "$1"; shift; exec "$@"', 'nettools-sample', WATCH_SECONDS] as const;

/** The id of the look-up of a name among DESTs. */
export function nameId(nth: number): string {
  return `name${nth}`;
}

export function planSockets(
  { names = [], taken = [] }: Pick<SocketsInput, 'names' | 'taken'>,
  scripts: ProbeScripts,
): StagedPlan {
  const hasNodePorts = taken.some(({ kind }) => kind === 'node port');
  return {
    before: [
      snapshot('counters', 'counters-before'),
      snapshot('counters6', 'counters6-before'),
      command('udp-before', ['ss', '-uanmH']),
      snapshot('listeners', 'listeners'),
      command('waiting-before', WAITING),
      unaccepted('unaccepted-before', scripts),
    ],
    probe: [
      { ...command('waiting-during', [...WAITING_LATER, ...WAITING]), display: WAITING },
      { ...command('port-use', ['sh', '-c', scripts.portUse, 'port-use']), display: ['port-use'] },
      ...(hasNodePorts ? [nodePortPlaces(scripts)] : []),
      ...names.map(({ name }, i) => command(nameId(i), ['getent', 'ahosts', name])),
    ],
    after: [
      snapshot('counters', 'counters-after'),
      snapshot('counters6', 'counters6-after'),
      command('udp-after', ['ss', '-uanmH']),
      snapshot('listeners', 'listeners-after'),
      command('waiting-after', WAITING),
      oddSockets(scripts),
      unaccepted('unaccepted-after', scripts),
    ],
  };
}

function unaccepted(id: string, { unaccepted: script }: ProbeScripts): ProbeCommand {
  return {
    ...command(id, ['sh', '-c', script, 'unaccepted']),
    display: ['ss', '-tne', 'state', 'established', 'state', 'close-wait'],
  };
}

/** Beside the second that is waited anyway: iptables may have tens of thousands of rules to print. */
function nodePortPlaces({ nodePortPlaces: script }: ProbeScripts): ProbeCommand {
  return {
    ...command('node-port-places', ['sh', '-c', script, 'node-port-places']),
    display: ['nft', 'list', 'set', 'ip', 'kube-proxy', 'nodeport-ips'],
  };
}

function command(id: string, argv: readonly string[]): ProbeCommand {
  return { id, argv, timeoutSeconds: LIMIT_SECONDS };
}
