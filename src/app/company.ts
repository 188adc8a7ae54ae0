/** What happens around a run for the sake of single checks: places beside the target are opened, and closed again. */
import type { CheckId } from '../checks/registry.ts';
import type { InputContext } from '../cluster/context.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Bundle } from '../model/bundle.ts';
import type { Session } from '../targets/session.ts';
import { withDockerHost } from './docker-host.ts';
import { withIperfServers } from './iperf-servers.ts';
import type { Progress } from './progress.ts';
import type { PreparedCheck } from './run-checks.ts';
import { withWatchers } from './watchers.ts';

/** What is at hand for it. */
export interface Beside {
  readonly context: InputContext;
  /** On the target itself. */
  readonly session: Session;
  readonly progress: Progress;
  /** Of the target's cluster; absent: it belongs to none. */
  readonly client: KubeClient | undefined;
}

type Around = (input: never, beside: Beside, work: () => Promise<Bundle>) => Promise<Bundle>;

/** The checks that need company. Each adds to its own check's evidence alone. */
const AROUND: { readonly [Id in CheckId]?: Around } = {
  docker: withDockerHost,
  path: withWatchers,
  throughput: withIperfServers,
};

/** Runs `work` inside of everything that the checks need around it. */
export function withCompany(
  checks: readonly PreparedCheck[],
  beside: Beside,
  work: () => Promise<Bundle>,
): Promise<Bundle> {
  return checks.reduceRight<() => Promise<Bundle>>((inner, { check, input }) => {
    const around = AROUND[check.id as CheckId];
    return around === undefined ? inner : () => around(input as never, beside, inner);
  }, work)();
}
