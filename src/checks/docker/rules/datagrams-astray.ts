import { advice, verbatim } from '../../../model/advice.ts';
import type { PublishedPort } from '../../../model/docker-ports.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { ConntrackEntry } from '../../../parsers/conntrack.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { onHost } from '../passage.ts';
import { holderOf, linkOf, publishedText } from '../published.ts';

const meta = {
  id: 'NT-DKR-020',
  title: 'The Docker host leads datagrams to a published port elsewhere, as of an earlier time',
  severities: ['critical', 'warning'],
  meaning:
    'The kernel decides once, at the first datagram, where a stream of UDP is led. A sender that began before the container published the port (or while another container had it) has an entry in the host\'s connection table that says "to the host itself", or the address of that time. Each datagram keeps the entry alive, and the rules that are there now are never asked. Senders with a fixed port (SIP, RTP, syslog, statsd, DNS forwarders) send into that hole for ever, while new ones are served.',
  rule: "In the host's connection table: an entry by UDP to a port of the host that the container publishes, that is led to the host itself or to an address that is not the container's; it was there before the run, and its time-out was set again during it. A warning where docker-proxy has the port and takes what comes to the host itself, otherwise critical.",
  source:
    'moby/moby#44742: the engine deletes such entries; #53384: not where the port of the host differs from that of the container',
  remedy:
    'On the Docker host, delete the entries: conntrack -D -p udp --orig-port-dst PORT. The next datagram of each sender is led by the rules of now.',
} as const;

/** Led to the host itself, or whereto. */
function goalOf({ original, reply }: ConntrackEntry): string | undefined {
  return reply.source === original.destination ? undefined : reply.source;
}

/** The rule for a published port leaves out what comes from the container's own bridge. */
function isOfNetworks({ links }: DockerFacts, text: string): boolean {
  const address = parsePrefix(text);
  const subnets = links.flatMap(({ network }) =>
    network.subnets.flatMap((subnet) => parsePrefix(subnet) ?? []),
  );
  return address !== undefined && subnets.some((subnet) => contains(subnet, address));
}

function judgePort(facts: DockerFacts, port: PublishedPort): Occurrence[] {
  const { host, links, input } = facts;
  const link = linkOf(facts);
  if (!host || !link?.network.masquerades) return [];
  const own = new Set(links.map(({ address }) => address));
  const addresses = new Set(host.interfaces.flatMap((one) => one.addresses.map(({ address }) => address)));
  const entries = (host.datagrams.value ?? []).filter(
    ({ original, reply }) =>
      original.destinationPort === String(port.hostPort) &&
      addresses.has(original.destination) &&
      !original.destination.includes(':') &&
      (port.hostAddress === '0.0.0.0' || port.hostAddress === original.destination) &&
      // What the host itself and its containers send to that port has ways of its own.
      !addresses.has(original.source) &&
      !isOfNetworks(facts, original.source) &&
      !own.has(reply.source),
  );
  const [first] = entries;
  if (first === undefined) return [];
  const { source, sourcePort, destination } = first.original;
  const goal = goalOf(first);
  const isProxied = goal === undefined && holderOf(facts, port).kind === 'proxy';
  const others = entries.length === 1 ? '' : ` (and of ${entries.length - 1} more)`;
  const goes = isProxied
    ? 'to the host itself, where docker-proxy takes them: the container sees the host as their sender'
    : `to ${goal ?? 'the host itself'}, and not to "${input.container}" (${socketAddress(link.address, port.port)})`;
  const forget = [
    'conntrack',
    '-D',
    '-p',
    'udp',
    '--orig-dst',
    destination,
    '--orig-port-dst',
    String(port.hostPort),
  ];
  return [
    occurrence(
      meta,
      isProxied ? 'warning' : 'critical',
      `The Docker host leads the datagrams of ${socketAddress(source, sourcePort)}${others} to ${publishedText(port)} ${goes}: its connection table has decided so before the port was published to this container, and each datagram keeps that entry.`,
      [
        onHost(
          host.results.datagrams?.command ?? ['conntrack', '-L', '-p', 'udp'],
          entries
            .slice(0, 3)
            .map(({ line }) => line)
            .join('\n'),
        ),
      ],
      {
        remediation: advice`On the Docker host, delete the entries; the next datagram of each sender is led by the rules of now.\n${verbatim`${forget}`}`,
      },
    ),
  ];
}

export const datagramsAstray: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    facts.input.published.flatMap((port) => (port.protocol === 'udp' ? judgePort(facts, port) : [])),
};
