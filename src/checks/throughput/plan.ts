/** The commands of the throughput check: one destination after the other, or they would share the way. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { slotSeconds, type ThroughputInput } from './facts.ts';

const CONNECT_LIMIT_MS = 3000;

export function planThroughput(input: ThroughputInput, scripts: ProbeScripts): StagedPlan {
  const seconds = Math.ceil(input.durationMs / 1000);
  const slot = slotSeconds(input);
  return {
    before: input.destinations.map(({ id, host }) => ({
      id: `${id}-link`,
      argv: ['sh', '-c', scripts.linkSpeed, 'link-speed', host],
      timeoutSeconds: 5,
      display: ['link-speed', host],
    })),
    probe: input.destinations.map(({ id, host, port }, i) => {
      const command = [
        ...['iperf3', '-J', '-c', host, '-p', port, '-t', String(seconds)],
        ...['--connect-timeout', String(CONNECT_LIMIT_MS)],
        ...(input.reverse ? ['-R'] : []),
      ];
      return {
        id: `${id}-iperf`,
        argv: ['sh', '-c', 'sleep "$1"; shift; exec "$@"', 'nettools-turn', String(i * slot), ...command],
        timeoutSeconds: (i + 1) * slot,
        display: command,
      };
    }),
    after: [],
  };
}
