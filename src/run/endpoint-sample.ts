/** Large Services: every endpoint is connected to once, and the checks look at a sample and at those that failed. */
import { chooseEndpoints, largeServices, sweepProbe } from '../checks/service/sample.ts';
import type { Destination } from '../model/destination.ts';
import type { ProbeResult } from '../model/evidence.ts';
import { gather } from '../probes/gather.ts';
import { PROBE_SCRIPTS } from '../probes/scripts.ts';
import type { Session } from '../targets/session.ts';

/** What was found out of the endpoints before the run. */
export interface Sampled {
  /** DESTs, of large Services the endpoints to look at in detail. */
  readonly asked: readonly Destination[];
  /** The one connection to each endpoint, by the label of the Service. */
  readonly sweeps: ReadonlyMap<string, ProbeResult>;
}

/** Whether {@link sampleEndpoints} has anything to do. */
export function hasLargeService(asked: readonly Destination[]): boolean {
  return largeServices(asked).size > 0;
}

/** Connects to each endpoint of the large Services, in one exec. @throws GatherError, ChannelError, the signal's reason */
export async function sampleEndpoints(
  asked: readonly Destination[],
  session: Session,
  signal: AbortSignal,
): Promise<Sampled> {
  const services = [...largeServices(asked)];
  const probe = services.map(([, endpoints], i) => sweepProbe(`sweep${i}`, endpoints, PROBE_SCRIPTS));
  const evidence = await gather(session.channel, { phases: [probe] }, { signal, budget: session.budget });
  const left = new Set(asked);
  const sweeps = new Map<string, ProbeResult>();
  services.forEach(([label, endpoints], i) => {
    const result = evidence[`sweep${i}`];
    if (result !== undefined) sweeps.set(label, result);
    const chosen = new Set(chooseEndpoints(endpoints, result));
    for (const one of endpoints) if (!chosen.has(one)) left.delete(one);
  });
  return { asked: asked.filter((one) => left.has(one)), sweeps };
}
