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
    "Other machines reach a published port by a rule of the nat table. What that rule leaves out is docker-proxy's: connections of the host to 127.0.0.1, and those of containers to the host's address. Without it they are refused, or end at another program that has taken the port meanwhile.",
  rule: "The engine runs on this machine with its userland proxy on (the nat table's OUTPUT chain excepts 127.0.0.0/8), and no docker-proxy process has the published port.",
  source:
    'Docker documentation, "Port publishing and mapping" (userland-proxy); moby, libnetwork/drivers/bridge',
  remedy:
    'See who has the port: ss -lntp on the Docker host. End that program, then docker restart CONTAINER starts docker-proxy anew; dmesg tells whether the kernel killed it for want of memory.',
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
          ? `Another program than docker-proxy listens on the Docker host for ${name}: connections to 127.0.0.1 there, and those of containers to the host, end at it.`
          : `No docker-proxy listens on the Docker host for ${name}: connections to 127.0.0.1 there, and those of containers to the host, are refused.`;
      return [
        occurrence(meta, 'warning', summary, holder.quotes, {
          remediation: advice`See on the Docker host who has the port (ss -lntp), and end that program; a restart of the container then starts docker-proxy anew. dmesg tells whether the kernel killed it for want of memory.\n${verbatim`docker restart ${input.container}`}`,
        }),
      ];
    });
  },
};
