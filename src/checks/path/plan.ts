/** The commands of the path check on the target itself: one connection to each destination. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { reachProbe } from '../shared/reach-probe.ts';
import type { PathInput } from './facts.ts';
import { SPACE } from './watch.ts';

export function planPath({ routes, watchers }: PathInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: watchers === undefined ? [] : [SPACE],
    // The same words as the firewall check's, so that a diagnosis connects once.
    probe: routes
      .filter(({ destination }) => destination.protocol === 'tcp')
      .map(({ destination }) => reachProbe(destination, scripts, !destination.anyPort)),
    after: [],
  };
}
