/** What the service check asks once it has seen the endpoints of a Service refuse TCP. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { reachProbe } from '../shared/reach-probe.ts';
import { type ServiceInput, working } from './facts.ts';
import { servicesFacts } from './gathered.ts';
import { udpId } from './plan.ts';
import { inOtherFamily } from './rules/other-family.ts';
import { onWrongPort } from './rules/wrong-target-port.ts';

/**
 * A port near by, at which hardly anybody listens, and of which firewalls think alike. Not one of traceroute's: many let
 * these alone through, or refuse them and drop all others.
 */
function unusedPort(port: number): number {
  return port > 60_000 ? port - 7 : port + 7;
}

/** A datagram to the port of one endpoint, and one to a port at which it is sure to be refused. */
export function followService(
  evidence: Evidence,
  input: ServiceInput,
  scripts: ProbeScripts,
): readonly ProbeCommand[] {
  return servicesFacts(evidence, input).services.flatMap((facts) => {
    const { info, endpoints } = facts;
    const nth = endpoints.findIndex(({ attempt }) => attempt.state === 'refused');
    const one = endpoints[nth];
    const isKnown = working(facts).length + onWrongPort(facts).length + inOtherFamily(facts).length > 0;
    if (info.isTcpAlone !== true || isKnown || one === undefined || one.endpoint.stale !== undefined)
      return [];
    const { address, port } = one.endpoint;
    return (['same', 'other'] as const).map((which) =>
      reachProbe(
        {
          id: `${info.id}-${udpId(nth, which)}`,
          host: address,
          port: String(which === 'same' ? port : unusedPort(port)),
          protocol: 'udp',
        },
        scripts,
        false,
      ),
    );
  });
}
