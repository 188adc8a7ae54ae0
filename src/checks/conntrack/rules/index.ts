/** The rules of the conntrack check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { ConntrackFacts } from '../facts.ts';
import { bypassedNotrack } from './bypassed-notrack.ts';
import { forgottenIdle } from './forgotten-idle.ts';
import { insertFailed } from './insert-failed.ts';
import { oneSided } from './one-sided.ts';
import { outOfWindow } from './out-of-window.ts';
import { pressure } from './pressure.ts';
import { staleDnat } from './stale-dnat.ts';
import { untranslated } from './untranslated.ts';

export const CONNTRACK_RULES: readonly Rule<ConntrackFacts>[] = [
  pressure,
  insertFailed,
  staleDnat,
  untranslated,
  bypassedNotrack,
  oneSided,
  outOfWindow,
  forgottenIdle,
];
