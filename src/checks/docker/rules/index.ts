/** The rules of the docker check, causes before consequences. */
import type { Rule } from '../../rule.ts';
import type { DockerFacts } from '../facts.ts';
import { internalNetwork } from './internal-network.ts';
import { noIcc } from './no-icc.ts';
import { noNames } from './no-names.ts';
import { noNetwork } from './no-network.ts';
import { noSharedNetwork } from './no-shared-network.ts';
import { peerStopped } from './peer-stopped.ts';
import { publishedOnLoopback } from './published-on-loopback.ts';

export const DOCKER_RULES: readonly Rule<DockerFacts>[] = [
  noNetwork,
  internalNetwork,
  peerStopped,
  noSharedNetwork,
  noNames,
  noIcc,
  publishedOnLoopback,
];
