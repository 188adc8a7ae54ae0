/** The rules of the docker check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { answersAstray } from './answers-astray.ts';
import { byOtherFamily } from './by-other-family.ts';
import { datagramsAstray } from './datagrams-astray.ts';
import { directDropped } from './direct-dropped.ts';
import { forwardingOff } from './forwarding-off.ts';
import { internalNetwork } from './internal-network.ts';
import { isolated } from './isolated.ts';
import { noIcc } from './no-icc.ts';
import { noMasquerade } from './no-masquerade.ts';
import { noMasqueradeSix } from './no-masquerade-six.ts';
import { noNames } from './no-names.ts';
import { noNetwork } from './no-network.ts';
import { noProxy } from './no-proxy.ts';
import { noSharedNetwork } from './no-shared-network.ts';
import { nobodyThere } from './nobody-there.ts';
import { notLed } from './not-led.ts';
import { outgoingDropped } from './outgoing-dropped.ts';
import { parentsHost } from './parents-host.ts';
import { peerStopped } from './peer-stopped.ts';
import { publishedDropped } from './published-dropped.ts';
import { publishedOnLoopback } from './published-on-loopback.ts';
import { wayDropped } from './way-dropped.ts';

export const DOCKER_RULES: readonly Rule<DockerFacts>[] = [
  noNetwork,
  internalNetwork,
  peerStopped,
  noSharedNetwork,
  noNames,
  noIcc,
  forwardingOff,
  outgoingDropped,
  noMasquerade,
  noMasqueradeSix,
  nobodyThere,
  parentsHost,
  isolated,
  wayDropped,
  notLed,
  datagramsAstray,
  publishedDropped,
  answersAstray,
  directDropped,
  noProxy,
  byOtherFamily,
  publishedOnLoopback,
];
