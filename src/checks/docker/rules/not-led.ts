import { advice, verbatim } from '../../../model/advice.ts';
import type { PublishedPort } from '../../../model/docker-ports.ts';
import type { Quote } from '../../../model/report.ts';
import { linesOf } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerHost } from '../facts.ts';
import { type BookOutcome, deletionOn, outside, walks } from '../host.ts';
import { onHost } from '../passage.ts';
import { holderOf, linkOf, publishedText, reachableFromOutside } from '../published.ts';

const meta = {
  id: 'NT-DKR-008',
  title: 'The Docker host does not lead a published port to the container',
  severities: ['critical', 'warning'],
  meaning:
    "Docker publishes a port by a rule in the host's nat table (chain DOCKER) that translates the destination to the container's address, and by docker-proxy, which listens on the port and passes on what no rule took. Without the rule docker-proxy alone does it, if it runs: slower, and the container sees the host as the sender of everything. A rule that leads to another address was left by an earlier container.",
  rule: "On the host, no rule that a connection from outside to the published port passes in the PREROUTING chains of the nat table leads to the container's address and port. Critical where another address is led to, or where nobody listens on the port of the host either; else a warning.",
  source: 'Docker documentation, "Packet filtering and firewalls", "Port publishing and mapping"',
  remedy:
    'A firewall that was reloaded or flushed takes the rule away. On the Docker host, docker restart CONTAINER makes that of one container again, systemctl restart docker those of all.',
} as const;

/** The rules that take connections to a port; one that is published on all addresses may be asked by any of them. */
function translations(host: DockerHost, port: PublishedPort): BookOutcome[] {
  const packet = {
    in: outside(host),
    protocol: port.protocol,
    port: port.hostPort,
    isToHost: true,
    ...(port.hostAddress === '0.0.0.0' ? {} : { destination: port.hostAddress }),
  };
  return walks(host, 'nat', 'PREROUTING', packet)
    .flat()
    .filter(({ verdict }) => verdict === 'translate' || verdict === 'other');
}

function quoteNat({ books }: DockerHost, port: PublishedPort): Quote[] {
  return books.slice(0, 1).map(({ result }) => {
    const lines = linesOf(result).filter((line) => / DNAT /.test(line));
    const own = lines.filter((line) => line.includes(`--dport ${port.hostPort} `));
    return onHost(
      result.command,
      own.slice(0, 3).join('\n') || `no DNAT rule for port ${port.hostPort} (${lines.length} for others)`,
    );
  });
}

export const notLed: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    reachableFromOutside(facts).flatMap((port) => {
      const { host, links, input } = facts;
      const link = linkOf(facts);
      // A network without translation is routed to, or its owner has other plans.
      if (!host || !link?.network.masquerades) return [];
      const wanted = links.map(({ address }) => `${address}:${port.port}`);
      const led = translations(host, port);
      // A rule behind one that takes every connection is not among them. One whose words are not known may lead here.
      if (led.some(({ to }) => to === undefined || wanted.includes(to) || !/^[\d.]+:\d+$/.test(to)))
        return [];
      const [first] = led;
      const name = publishedText(port);
      const place = `${link.address}:${port.port}`;
      const remediation = advice`The reload or the flush of a firewall takes the rule away. On the Docker host, a restart of the container makes it again (systemctl restart docker those of all).\n${verbatim`docker restart ${input.container}`}`;
      if (first) {
        const summary = `The Docker host leads ${name} to ${first.to}, and "${input.container}" is at ${place}.`;
        const remedy = advice`Take the rule away that leads elsewhere, on the Docker host; an earlier container may have left it, or another program made it.\n${verbatim`${deletionOn(first) ?? []}`}`;
        return [occurrence(meta, 'critical', summary, quoteNat(host, port), { remediation: remedy })];
      }
      const holder = holderOf(facts, port);
      const how = {
        proxy: `docker-proxy alone passes connections on`,
        listener: `whoever listens on the port there gets the connections`,
        nobody: 'nobody listens there either, so that connections are refused',
      }[holder.kind];
      return [
        occurrence(
          meta,
          holder.kind === 'nobody' ? 'critical' : 'warning',
          `No rule of the Docker host leads ${name} to "${input.container}" (${place}): ${how}.`,
          [...quoteNat(host, port), ...holder.quotes],
          { remediation },
        ),
      ];
    }),
};
