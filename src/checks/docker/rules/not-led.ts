import { advice, verbatim } from '../../../model/advice.ts';
import type { PublishedPort } from '../../../model/docker-ports.ts';
import type { Quote } from '../../../model/report.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type BookOutcome, deletionOn } from '../../shared/rule-books.ts';
import { engineName, hostText } from '../engine-words.ts';
import type { DockerFacts, DockerHost } from '../facts.ts';
import { engineCommand, engineLines, outside, walks } from '../host.ts';
import { onHost } from '../passage.ts';
import { holderOf, linkOf, publishedText, reachableFromOutside } from '../published.ts';
import { writeAgain } from '../rewrite.ts';

const titleFor = (engine: string): string =>
  `The ${engine} host does not forward a published port to the container`;

const meta = {
  id: 'NT-DKR-008',
  title: titleFor('Docker'),
  severities: ['critical', 'warning'],
  meaning:
    "Docker publishes a port with a rule in the host's nat table (chain DOCKER) that translates the destination to the container's address, and with docker-proxy, which listens on the port and forwards what no rule matched. Without the rule only docker-proxy does it, if it is running: that is slower, and the container sees the host as the source of every connection. A rule for another address was left behind by an earlier container.",
  rule: "On the host, no rule that a connection from outside to the published port passes in the PREROUTING chains of the nat table translates it to the container's address and port. Critical if it is translated to another address, or if nothing listens on the port of the host either; otherwise a warning.",
  source: 'Docker documentation, "Packet filtering and firewalls", "Port publishing and mapping"',
  remedy:
    'Reloading or flushing a firewall removes the rule. On the Docker host, docker restart CONTAINER writes the rules of that container again, systemctl restart docker those of all containers.',
} as const;

/** The rules that take connections to a port; one that is published on all addresses may be asked by any of them. */
export function translations(host: DockerHost, port: PublishedPort): BookOutcome[] {
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
  const lines = engineLines(books, 'nat', / DNAT |dnat to /);
  const own = lines.filter((line) => line.includes(`dport ${port.hostPort} `));
  return [
    onHost(
      engineCommand(books),
      own.slice(0, 3).join('\n') || `no DNAT rule for port ${port.hostPort} (${lines.length} for others)`,
    ),
  ];
}

export const notLed: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    reachableFromOutside(facts).flatMap((port) => {
      const { host, links, input } = facts;
      const link = linkOf(facts);
      // A network without translation is routed to, or its owner has other plans.
      if (!host || !link?.network.masquerades) return [];
      const wanted = links.map(({ address }) => socketAddress(address, port.port));
      const led = translations(host, port);
      // A rule behind one that takes every connection is not among them. One whose words are not known may lead here.
      if (led.some(({ to }) => to === undefined || wanted.includes(to) || !/^[\d.]+:\d+$/.test(to)))
        return [];
      const [first] = led;
      const name = publishedText(port);
      const place = socketAddress(link.address, port.port);
      const title = titleFor(engineName(input));
      const remediation = writeAgain(input);
      if (first) {
        const summary = `The ${engineName(input)} host forwards ${name} to ${first.to}, but "${input.container}" is at ${place}.`;
        const remedy = advice`On ${hostText(input)}, delete the rule for the other address; an earlier container may have left it behind, or another program may have written it.\n${verbatim`${deletionOn(first) ?? []}`}`;
        return [occurrence(meta, 'critical', summary, quoteNat(host, port), { title, remediation: remedy })];
      }
      const holder = holderOf(facts, port);
      // podman keeps the port with a socket of its own, from which nobody takes anything.
      const isHeld = input.isPodman === true && holder.kind === 'listener';
      const how = {
        proxy: `only docker-proxy forwards connections`,
        listener: `another program that listens on the port receives the connections`,
        nobody: 'nothing listens there either, so connections are refused',
      }[holder.kind];
      const held = 'what holds the port there is not the container, and connections get no answer of it';
      return [
        occurrence(
          meta,
          holder.kind === 'nobody' || isHeld ? 'critical' : 'warning',
          `No rule of ${hostText(input)} forwards ${name} to "${input.container}" (${place}): ${isHeld ? held : how}.`,
          [...quoteNat(host, port), ...holder.quotes],
          { title, remediation },
        ),
      ];
    }),
};
