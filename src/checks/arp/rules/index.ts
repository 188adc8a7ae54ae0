/** The rules of the arp check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { ArpFacts } from '../facts.ts';
import { duplicate } from './duplicate.ts';
import { gateway } from './gateway.ts';
import { oneMac } from './one-mac.ts';
import { outdated } from './outdated.ts';
import { sharedAddress } from './shared-address.ts';
import { table } from './table.ts';
import { target } from './target.ts';
import { tunnel } from './tunnel.ts';

export const ARP_RULES: readonly Rule<ArpFacts>[] = [
  table,
  sharedAddress,
  duplicate,
  tunnel,
  gateway,
  outdated,
  target,
  oneMac,
];
