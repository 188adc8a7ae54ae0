/** The rules of the interfaces check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { InterfacesFacts } from '../facts.ts';
import { allowance } from './allowance.ts';
import { errors } from './errors.ts';
import { noCarrier } from './no-carrier.ts';
import { receiveDrops } from './receive-drops.ts';

export const INTERFACES_RULES: readonly Rule<InterfacesFacts>[] = [
  noCarrier,
  errors,
  receiveDrops,
  allowance,
];
