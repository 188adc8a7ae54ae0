/**
 * The machine that runs the container. It is read by a second container, in the host's network, which is removed again:
 * the one way that leads to the right namespace wherever the engine runs (here, on another machine, in Docker Desktop's
 * virtual one), with tools that are known.
 */
import type { PlaceFailure, Places } from '../../model/place.ts';
import type { DockerInput } from './facts.ts';
import { asHostEvidence, hostAfter, hostBefore, tunnelsOf } from './host-plan.ts';
import { gatewayProbes } from './parent-gateway.ts';
import { servedBy } from './published.ts';

export default {
  plan: ({ unseenHost, ...input }, scripts) =>
    // Only a bridge has its other side on the host, of what sits on an interface of it the host is the exception, and the
    // tunnel of an overlay goes out there.
    unseenHost === undefined &&
    servedBy(input).networks.some(
      ({ driver, tunnel }) => /^(bridge|macvlan|ipvlan)$/.test(driver) || tunnel !== undefined,
    )
      ? [
          {
            id: 'host',
            label: "the container in the host's network",
            where: { kind: 'docker-host' },
            before: hostBefore(input.published),
            after: hostAfter(
              input.published,
              tunnelsOf(servedBy(input).networks),
              scripts,
              gatewayProbes(input),
            ),
          },
        ]
      : [],
  join: (input, [host]) =>
    host?.failure === undefined
      ? { input, evidence: asHostEvidence(host?.evidence ?? {}) }
      : { input: { ...input, unseenHost: reason(host.failure) }, evidence: {} },
} satisfies Places<DockerInput>;

function reason(failure: PlaceFailure): string {
  return failure.kind === 'error' ? failure.text : "the container in the host's network does not answer";
}
