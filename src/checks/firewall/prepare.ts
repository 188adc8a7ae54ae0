/** The input of the firewall check. */

import type { InputContext } from '../../cluster/context.ts';
import type { InputOf } from '../../model/check.ts';
import { readPolicies } from '../shared/prepare-policies.ts';
import type check from './check.ts';

/** Nothing to look at without a destination. */
export default async function prepare({
  subject,
  asked,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  if (asked.length === 0) return undefined;
  return {
    destinations: asked,
    policies: await readPolicies(subject, asked),
  };
}
