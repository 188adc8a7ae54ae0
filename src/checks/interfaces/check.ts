/** `interfaces`: links without carrier, and links that lose what they carry. */
import type { Check } from '../../model/check.ts';
import type { InterfacesInput } from './facts.ts';
import { judgeInterfaces } from './judge.ts';
import { planInterfaces } from './plan.ts';
import { INTERFACES_RULES } from './rules/index.ts';
import { interfacesTables } from './tables.ts';

const interfaces: Check<InterfacesInput> = {
  id: 'interfaces',
  findings: INTERFACES_RULES.map((rule) => rule.meta),
  plan: planInterfaces,
  judge: judgeInterfaces,
  tables: interfacesTables,
};

export default interfaces;
