/** `dns`: every server and every expansion by itself, as the pod's own resolver would ask, and what a name costs. */
import type { Check } from '../../model/check.ts';
import type { DnsInput } from './facts.ts';
import { judgeDns } from './judge.ts';
import { dnsMeasures } from './measures.ts';
import { planDns } from './plan.ts';
import { DNS_RULES } from './rules/index.ts';
import { dnsTables } from './tables.ts';

const dns: Check<DnsInput> = {
  id: 'dns',
  findings: DNS_RULES.map((rule) => rule.meta),
  plan: planDns,
  judge: judgeDns,
  tables: dnsTables,
  measures: dnsMeasures,
};

export default dns;
