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
    const on = ['nsenter', `--net=/run/netns/${node.netns}`];
    await until(`${name} on ${node.name}`, 90, async () => {
      const { code, stdout } = await attempt([...on, 'nft', 'list', 'table', 'ip', 'kube-proxy']);
      const mode = code === 0 ? NFTABLES : IPTABLES;
      const rules = code === 0 ? stdout : (await attempt([...on, 'iptables-save'])).stdout;
      const found = endpoints === 0 ? mode.refusals(rules, address) : mode.leads(rules, `${ns.name}/${name}`);
      return found === Math.max(1, endpoints) || `${found} of ${Math.max(1, endpoints)} in its rules`;
    });
  }
}

/** Of the rules of a mode: how many addresses of pods a Service is led to, and whether its own address is refused. */
interface Mode {
  readonly leads: (rules: string, service: string) => number;
  readonly refusals: (rules: string, address: string) => number;
}

const different = (addresses: readonly string[]): number => new Set(addresses).size;

const NFTABLES: Mode = {
  leads: (table, service) => {
    const chains = table.match(/^\tchain service-.*\{\n(?:.*\n)*?\t\}/gm) ?? [];
    const own = chains.filter((chain) => chain.split('\n', 1)[0]?.includes(`-${service}/`));
    return different(own.flatMap((chain) => chain.match(/\b198\.18\.\d+\.\d+\b/g) ?? []));
  },
  refusals: (table, address) => {
    const map = /^\tmap no-endpoint-services \{\n(?:.*\n)*?\t\}/m.exec(table)?.[0] ?? '';
    return map.includes(`${address} . `) ? 1 : 0;
  },
};

const IPTABLES: Mode = {
  leads: (rules, service) => {
    const own = rules.split('\n').filter((line) => new RegExp(`"${service}[:"]`).test(line));
    return different(own.flatMap((line) => /--to-destination ([\d.]+)/.exec(line)?.[1] ?? []));
  },
  refusals: (rules, address) => {
    const own = rules.split('\n').filter((line) => line.includes(`-d ${address}/32 `));
    return own.some((line) => line.includes('-j REJECT')) ? 1 : 0;
  },
};
