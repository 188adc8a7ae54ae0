/** `firewall`: whether a connection is dropped, rejected, refused or lost, and by whom. */
import type { Check } from '../../model/check.ts';
import type { FirewallInput } from './facts.ts';
import { followFirewall } from './follow-up.ts';
import { judgeFirewall } from './judge.ts';
import { planFirewall } from './plan.ts';
import { FIREWALL_RULES } from './rules/index.ts';
import { firewallTables } from './tables.ts';

const firewall: Check<FirewallInput> = {
  id: 'firewall',
  findings: [...new Set(FIREWALL_RULES.map((rule) => rule.meta))],
  plan: planFirewall,
  followUp: followFirewall,
  judge: judgeFirewall,
  tables: firewallTables,
};

export default firewall;
