/** `docker`: what the engine says of the target's networks; a part of the diagnosis of a Docker container. */
import type { Check } from '../../model/check.ts';
import { ANSWERS } from '../shared/answer-ways.ts';
import { reachProbe } from '../shared/reach-probe.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { DockerInput } from './facts.ts';
import { holderProbes } from './holders.ts';
import { judgeDocker } from './judge.ts';
import { asked, gatewayProbes } from './parent-gateway.ts';
import { servedBy } from './published.ts';
import { DOCKER_RULES } from './rules/index.ts';
import { dockerTables } from './tables.ts';

const docker: Check<DockerInput> = {
  id: 'docker',
  findings: DOCKER_RULES.map((rule) => rule.meta),
  plan: (input, scripts) => ({
    before: [
      { id: 'resolv-conf', argv: ['cat', '/etc/resolv.conf'], timeoutSeconds: 5 },
      // Whether it is in the network that it shares.
      ...(input.mode.startsWith('container:') ? [snapshot('addresses')] : []),
    ],
    // The same words as the firewall check's, so that a diagnosis connects once.
    probe: [
      ...input.destinations.map((one) => reachProbe(one, scripts, !one.anyPort)),
      ...holderProbes(input, scripts),
      ...gatewayProbes(input),
    ],
    after: [
      ...(input.networks.some(({ bridge }) => bridge !== undefined)
        ? [snapshot('addresses', 'own-interfaces')]
        : []),
      ...(servedBy(input).published.length === 0 ? [] : ANSWERS),
      ...(asked(input).length === 0 ? [] : [snapshot('neighbours')]),
    ],
  }),
  judge: judgeDocker,
  tables: dockerTables,
};

export default docker;
