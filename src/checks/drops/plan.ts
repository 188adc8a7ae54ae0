/** The commands of the drops check. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { DropsInput } from './facts.ts';
import { rulesProbes } from './rules-read.ts';

/** To load the program, and to print what it counted. */
const GRACE_SECONDS = 20;
/** As long as `netns ls` gives it. */
const LIST_SECONDS = 60;

export function planDrops(input: DropsInput, scripts: ProbeScripts): StagedPlan {
  // It is watched at a place of its own (places.ts).
  if (input.durationMs === 0)
    return {
      before: [snapshot('counters', 'counters-before')],
      probe: [],
      after: [snapshot('counters', 'counters-after')],
    };
  const seconds = Math.ceil(input.durationMs / 1000);
  // Of a pod's flows the machine's drops are watched too, and its rules may be what drops them.
  const isOuter = input.own.length > 0;
  const command = [
    ...['nettools-drops', '--for', String(seconds)],
    ...(input.scope === 'machine' ? ['--machine'] : []),
    ...(!isOuter ? [] : ['--also-host', ...input.own.flatMap((ip) => ['--own', ip])]),
    ...input.peers.flatMap(({ host, port }) => ['--peer', `${host},${port}`]),
  ];
  return {
    before: rulesProbes('before', isOuter, scripts),
    probe: [{ id: 'drops', argv: command, timeoutSeconds: seconds + GRACE_SECONDS }],
    // Afterwards: what came while it was watched is in it too.
    after: [
      ...rulesProbes('after', isOuter, scripts),
      ...(input.scope === 'own' ? [snapshot('links')] : []),
      ...(input.scope === 'machine'
        ? [
            {
              id: 'namespaces',
              argv: ['sh', '-c', scripts.netnsList, 'nettools-netns', input.root],
              timeoutSeconds: LIST_SECONDS,
              display: ['netns-list'],
            },
          ]
        : []),
    ],
  };
}
