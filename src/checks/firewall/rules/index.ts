/** The rules of the firewall check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { hiddenSource } from './hidden-source.ts';
import { hostPortAstray } from './host-port-astray.ts';
import { invalidPackets } from './invalid-packets.ts';
import { localDetour } from './local-detour.ts';
import { localDrop } from './local-drop.ts';
import { mixedTables } from './mixed-tables.ts';
import { noRedirect } from './no-redirect.ts';
import { nodePortElsewhere } from './node-port-elsewhere.ts';
import { oneFamily } from './one-family.ts';
import { outsideNetfilter } from './outside-netfilter.ts';
import { policyDenies } from './policy-denies.ts';
import { policyUnenforced } from './policy-unenforced.ts';
import { prohibited } from './prohibited.ts';
import { proxyVariable } from './proxy-variable.ts';
import { rejected } from './rejected.ts';
import { ruleHit } from './rule-hit.ts';
import { silentDrop } from './silent-drop.ts';
import { sourceRanges } from './source-ranges.ts';
import { takenAndEnded } from './taken-and-ended.ts';
import { unclaimedAddress } from './unclaimed-address.ts';
import { wrongHeader } from './wrong-header.ts';

export const FIREWALL_RULES: readonly Rule<FirewallFacts>[] = [
  localDetour,
  nodePortElsewhere,
  unclaimedAddress,
  sourceRanges,
  hostPortAstray,
  ruleHit,
  policyDenies,
  localDrop,
  silentDrop,
  prohibited,
  rejected,
  wrongHeader,
  takenAndEnded,
  oneFamily,
  policyUnenforced,
  mixedTables,
  invalidPackets,
  outsideNetfilter,
  proxyVariable,
  noRedirect,
  hiddenSource,
];
