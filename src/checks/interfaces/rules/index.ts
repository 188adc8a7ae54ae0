/** The rules of the interfaces check, causes before consequences. */
import type { Rule } from '../../rule.ts';
import type { InterfacesFacts } from '../facts.ts';
import { errors } from './errors.ts';
import { noCarrier } from './no-carrier.ts';

export const INTERFACES_RULES: readonly Rule<InterfacesFacts>[] = [noCarrier, errors];
