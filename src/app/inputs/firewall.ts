/** The input of the firewall check. */
import { firewall } from '../../checks/firewall/check.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import type { InputContext } from './context.ts';
import { readPolicies } from './policies.ts';

/** Nothing to look at without a destination. */
export async function prepareFirewall({
  subject,
  asked,
  signal,
}: InputContext): Promise<PreparedCheck | undefined> {
  if (asked.length === 0) return undefined;
  return prepared(firewall, {
    destinations: asked,
    policies: await readPolicies(subject, asked, signal),
  });
}
