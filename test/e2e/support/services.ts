/** Services of the test cluster: they lead to their endpoints a moment after the API has them. */
import { nodes } from '../../cluster/paths.ts';
import { attempt, until } from '../../cluster/proc.ts';
import type { TestNamespace } from './cluster.ts';

/**
 * Waits until kube-proxy on every node leads a Service to so many ready endpoints, or refuses it where there are none:
 * it waits for up to a second between two rounds, and longer on a busy machine.
 */
export async function proxied(ns: TestNamespace, name: string, endpoints: number): Promise<void> {
  const address = await ns.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}']);
  for (const node of nodes) {
    const list = ['nsenter', `--net=/run/netns/${node.netns}`, 'nft', 'list', 'table', 'ip', 'kube-proxy'];
    await until(`${name} on ${node.name}`, 90, async () => {
      const { stdout } = await attempt(list);
      const found = endpoints === 0 ? refusals(stdout, address) : leads(stdout, `${ns.name}/${name}`);
      return found === Math.max(1, endpoints) || `${found} of ${Math.max(1, endpoints)} in its rules`;
    });
  }
}

/** How many addresses of pods the chains of a Service name. */
function leads(table: string, service: string): number {
  const chains = table.match(/^\tchain service-.*\{\n(?:.*\n)*?\t\}/gm) ?? [];
  const own = chains.filter((chain) => chain.split('\n', 1)[0]?.includes(`-${service}/`));
  return new Set(own.flatMap((chain) => chain.match(/\b198\.18\.\d+\.\d+\b/g) ?? [])).size;
}

function refusals(table: string, address: string): number {
  const map = /^\tmap no-endpoint-services \{\n(?:.*\n)*?\t\}/m.exec(table)?.[0] ?? '';
  return map.includes(`${address} . `) ? 1 : 0;
}
