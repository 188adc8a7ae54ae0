import { advice, verbatim } from '../../../model/advice.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { hasUserlandProxy } from '../host.ts';
import { holderOf, publishedPorts4, publishedText } from '../published.ts';

const meta = {
  id: 'NT-DKR-015',
  title: 'docker-proxy does not listen for a published port',
  severities: ['warning'],
  meaning:
    "Other machines reach a published port through a rule of the nat table. docker-proxy serves what that rule does not cover: connections from the host to 127.0.0.1, and from containers to the host's address. Without it they are refused, or reach another program that has since taken the port.",
  rule: "The engine runs on this machine with its userland proxy on (the nat table's OUTPUT chain excludes 127.0.0.0/8), and no docker-proxy process has the published port.",
  source:
    'Docker documentation, "Port publishing and mapping" (userland-proxy); moby, libnetwork/drivers/bridge',
  remedy:
    'Find what has the port: ss -lntp on the Docker host. Stop that program; docker restart CONTAINER then starts docker-proxy again. dmesg shows whether the kernel killed docker-proxy for lack of memory.',
} as const;

export const noProxy: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const { host, input } = facts;
    if (!host || input.proxies === undefined || !hasUserlandProxy(host)) return [];
    return publishedPorts4(input).flatMap((port) => {
      const holder = holderOf(facts, port);
      if (holder.kind === 'proxy') return [];
      const name = publishedText(port);
      const summary =
        holder.kind === 'listener'
          ? `A program other than docker-proxy listens on the Docker host for ${name}: it receives connections to 127.0.0.1 there, and those from containers to the host.`
          : `No docker-proxy listens on the Docker host for ${name}: connections to 127.0.0.1 there, and those from containers to the host, are refused.`;
      return [
        occurrence(meta, 'warning', summary, holder.quotes, {
          remediation: advice`Find on the Docker host what has the port (ss -lntp), and stop that program; restarting the container then starts docker-proxy again. dmesg shows whether the kernel killed docker-proxy for lack of memory.\n${verbatim`docker restart ${input.container}`}`,
        }),
      ];
    });
  },
};
