/** The rules of the docker check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { answersAstray } from './answers-astray.ts';
import { answersFiltered } from './answers-filtered.ts';
import { askedOfInput } from './asked-of-input.ts';
import { brokenBridge } from './broken-bridge.ts';
import { byOtherFamily } from './by-other-family.ts';
import { datagramsAstray } from './datagrams-astray.ts';
import { directDropped } from './direct-dropped.ts';
import { forwardingOff } from './forwarding-off.ts';
import { hostOnLoopback } from './host-on-loopback.ts';
import { internalNetwork } from './internal-network.ts';
import { isolated } from './isolated.ts';
import { leftBehind } from './left-behind.ts';
import { narrowUnderlay } from './narrow-underlay.ts';
import { noIcc } from './no-icc.ts';
import { noMasquerade } from './no-masquerade.ts';
import { noMasqueradeSix } from './no-masquerade-six.ts';
import { noNames } from './no-names.ts';
import { noNetwork } from './no-network.ts';
import { noOwnName } from './no-own-name.ts';
import { noProxy } from './no-proxy.ts';
import { noSharedNetwork } from './no-shared-network.ts';
import { nobodyThere } from './nobody-there.ts';
import { notLed } from './not-led.ts';
import { oldHostAddress } from './old-host-address.ts';
import { othersLeftBehind } from './others-left-behind.ts';
import { outgoingDropped } from './outgoing-dropped.ts';
import { parentOnly } from './parent-only.ts';
import { parentsHost } from './parents-host.ts';
import { peerStopped } from './peer-stopped.ts';
import { pinnedName } from './pinned-name.ts';
import { portsUsedUp } from './ports-used-up.ts';
import { publishedDropped } from './published-dropped.ts';
import { publishedOnLoopback } from './published-on-loopback.ts';
import { sameMac } from './same-mac.ts';
import { severalHolders } from './several-holders.ts';
import { wayDropped } from './way-dropped.ts';

/** What they say of the host holds of podman's too: they follow packets through its rules, whoever wrote these. */
export const OF_ANY_ENGINE: ReadonlySet<Rule<DockerFacts>> = new Set([
  forwardingOff,
  outgoingDropped,
  noMasquerade,
  wayDropped,
  notLed,
  publishedDropped,
  answersFiltered,
]);

export const DOCKER_RULES: readonly Rule<DockerFacts>[] = [
  noNetwork,
  leftBehind,
  internalNetwork,
  peerStopped,
  noOwnName,
  noSharedNetwork,
  othersLeftBehind,
  pinnedName,
  severalHolders,
  sameMac,
  noNames,
  noIcc,
  brokenBridge,
  forwardingOff,
  outgoingDropped,
  noMasquerade,
  noMasqueradeSix,
  portsUsedUp,
  nobodyThere,
  parentOnly,
  parentsHost,
  hostOnLoopback,
  isolated,
  wayDropped,
  notLed,
  datagramsAstray,
  publishedDropped,
  answersAstray,
  answersFiltered,
  narrowUnderlay,
  directDropped,
  noProxy,
  byOtherFamily,
  publishedOnLoopback,
  oldHostAddress,
  askedOfInput,
];
