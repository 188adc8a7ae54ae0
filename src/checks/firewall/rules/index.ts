/** The rules of the firewall check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { externalIp } from './external-ip.ts';
import { handshakeOnly } from './handshake-only.ts';
import { hiddenSource } from './hidden-source.ts';
import { holderRule } from './holder-rule.ts';
import { hostPortAstray } from './host-port-astray.ts';
import { invalidPackets } from './invalid-packets.ts';
import { lateFirstBytes } from './late-greeting.ts';
import { ledBack } from './led-back.ts';
import { localDetour } from './local-detour.ts';
import { localDrop } from './local-drop.ts';
import { machineRule } from './machine-rule.ts';
import { mixedTables } from './mixed-tables.ts';
import { noPodThere } from './no-pod-there.ts';
import { noRedirect } from './no-redirect.ts';
import { nodePortElsewhere } from './node-port-elsewhere.ts';
import { oneFamily } from './one-family.ts';
import { otherSource } from './other-source.ts';
import { otherWay } from './other-way.ts';
import { outsideNetfilter } from './outside-netfilter.ts';
import { policyDenies } from './policy-denies.ts';
import { policyUnenforced } from './policy-unenforced.ts';
import { prohibited } from './prohibited.ts';
import { proxyVariable } from './proxy-variable.ts';
import { rejected } from './rejected.ts';
import { ruleHit } from './rule-hit.ts';
import { silentDrop } from './silent-drop.ts';
import { sourceRanges } from './source-ranges.ts';
import { strayPod } from './stray-pod.ts';
import { takenAndEnded } from './taken-and-ended.ts';
import { unclaimedAddress } from './unclaimed-address.ts';
import { unpublished } from './unpublished.ts';
import { waitingProxy } from './waiting-proxy.ts';
import { wrongHeader } from './wrong-header.ts';

export const FIREWALL_RULES: readonly Rule<FirewallFacts>[] = [
  otherWay,
  waitingProxy,
  localDetour,
  nodePortElsewhere,
  unclaimedAddress,
  noPodThere,
  strayPod,
  sourceRanges,
  hostPortAstray,
  otherSource,
  unpublished,
  ruleHit,
  machineRule,
  holderRule,
  ledBack,
  policyDenies,
  localDrop,
  silentDrop,
  handshakeOnly,
  prohibited,
  rejected,
  wrongHeader,
  takenAndEnded,
  lateFirstBytes,
  oneFamily,
  policyUnenforced,
  mixedTables,
  invalidPackets,
  outsideNetfilter,
  proxyVariable,
  noRedirect,
  hiddenSource,
  externalIp,
];
