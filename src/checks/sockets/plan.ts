/** The commands of the sockets check: who listens, and what the kernel counts over a second. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';

const LIMIT_SECONDS = 5;
/** Long enough for a busy server to overflow again, and no longer than other checks take anyway. */
const WATCH_SECONDS = '1';

export function planSockets(_input: unknown, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('counters', 'counters-before'),
      snapshot('counters6', 'counters6-before'),
      command('udp-before', ['ss', '-uanmH']),
      snapshot('listeners', 'listeners'),
    ],
    probe: [
      command('watch', ['sleep', WATCH_SECONDS]),
      { ...command('port-use', ['sh', '-c', scripts.portUse, 'port-use']), display: ['port-use'] },
    ],
    after: [
      snapshot('counters', 'counters-after'),
      snapshot('counters6', 'counters6-after'),
      command('udp-after', ['ss', '-uanmH']),
      snapshot('listeners', 'listeners-after'),
    ],
  };
}

function command(id: string, argv: readonly string[]): ProbeCommand {
  return { id, argv, timeoutSeconds: LIMIT_SECONDS };
}
