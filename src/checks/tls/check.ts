/** `tls`: the certificates that servers present, as clients on the target see them. */
import type { Check } from '../../model/check.ts';
import { tellingUnread } from '../shared/unread.ts';
import { chainsOf } from './chains.ts';
import type { TlsInput } from './facts.ts';
import { followTls } from './follow-up.ts';
import { judgeTls } from './judge.ts';
import { tlsMeasures } from './measures.ts';
import { planTls } from './plan.ts';
import { TLS_RULES } from './rules/index.ts';
import { tlsTables } from './tables.ts';

const tls: Check<TlsInput> = {
  id: 'tls',
  findings: TLS_RULES.map((rule) => rule.meta),
  plan: planTls,
  followUp: followTls,
  chains: chainsOf,
  judge: tellingUnread(judgeTls),
  tables: tlsTables,
  measures: tlsMeasures,
};

export default tls;
