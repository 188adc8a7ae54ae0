/** The rules of the mtu check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { MtuFacts } from '../facts.ts';
import { blackHole } from './black-hole.ts';
import { lostFragments } from './lost-fragments.ts';
import { mtuTooHigh } from './mtu-too-high.ts';
import { routeAboveLink } from './route-above-link.ts';
import { wayBack } from './way-back.ts';

export const MTU_RULES: readonly Rule<MtuFacts>[] = [
  routeAboveLink,
  mtuTooHigh,
  blackHole,
  wayBack,
  lostFragments,
];
