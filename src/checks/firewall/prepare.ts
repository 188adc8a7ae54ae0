/** The input of the firewall check. */

import type { InputContext } from '../../cluster/context.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { InputOf } from '../../model/check.ts';
import { readPolicies } from '../shared/prepare-policies.ts';
import type check from './check.ts';
import { type ProxyVariables, proxyVariablesOf } from './proxy-variables.ts';

/** Nothing to look at without a destination. */
export default async function prepare({
  subject,
  asked,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  if (asked.length === 0) return undefined;
  const proxies = proxiesOf(subject);
  return {
    destinations: asked,
    policies: await readPolicies(subject, asked),
    ...(proxies.length === 0 ? {} : { proxies }),
    ...((subject.pod || subject.docker) && !subject.isHost ? { isIsolated: true } : {}),
  };
}

/** Native sidecars among them. Values from ConfigMaps and Secrets are not looked up. */
function proxiesOf({ pod }: Subject): ProxyVariables[] {
  const all = [...(pod?.spec?.containers ?? []), ...(pod?.spec?.initContainers ?? [])];
  return all.flatMap(({ name, env }) => proxyVariablesOf(name, env ?? []) ?? []);
}
