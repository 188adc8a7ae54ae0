import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { type AnswerWays, fateOf, fateQuote, fateText } from '../../shared/answers.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerHost, DockerNetwork } from '../facts.ts';
import { bridgeOf, outside, walks } from '../host.ts';
import { publishedText, servedBy } from '../published.ts';
import { translations } from './not-led.ts';

const meta = {
  id: 'NT-DKR-022',
  title: 'Answers of a published port do not get back',
  severities: ['warning'],
  meaning:
    "The Docker host translates the destination of a connection to a published port and leaves its source as it is: the container answers the client's own address. In the network of a VPN (WireGuard's or another tunnel, with all containers that share it), routing rules lead that answer into the tunnel, or a kill switch drops it. The container works, and its port is silent for machines of your own network; from the host by 127.0.0.1, for which docker-proxy asks, it may answer.",
  rule: "For each TCP port that is published on an address which others reach: an answer from the container's address and port to a machine in a network of the host (or to the bridge's own address, where the host translates sources) leaves by another interface than the one that has the address, by the container's own rules and routes, or is certainly stopped in OUTPUT (iptables, both kinds). Where something there sets marks, or a rule asks for what is not known, nothing is said. Rules that nft alone shows are not followed.",
  source:
    'ip-rule(8); wg-quick(8): table and suppress_prefixlength; Docker documentation, "Port publishing and mapping"',
  remedy:
    'In the VPN container, lead what answers from its own address past the tunnel: ip rule add from ADDRESS lookup main priority 10, or a route to your network by the gateway of its Docker network; and let the kill switch pass it: iptables -I OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT. Images of VPN clients have settings for it (the networks that stay outside of the tunnel).',
} as const;

/** Of the host's networks more are not asked for. */
const MOST_NETWORKS = 4;

/** Somebody in the network by which the host reaches others, and which it is; in each that it is on, where no route says. */
function clientsOf(host: DockerHost): { readonly client: string; readonly where: string }[] {
  const way = outside(host);
  const isOutside = (name: string): boolean => ('is' in way ? way.is === name : !way.isNot.includes(name));
  return host.interfaces
    .filter(({ name, flags }) => isOutside(name) && flags.includes('UP'))
    .flatMap(({ name, addresses }) =>
      addresses
        .filter(
          ({ family, scope, prefixLength }) => family === 'inet' && scope === 'global' && prefixLength < 31,
        )
        .map(({ address, prefixLength }) => ({
          client: neighbourOf(address),
          where: `${address}/${prefixLength}, the network of the host's ${name}`,
        })),
    )
    .slice(0, MOST_NETWORKS);
}

/** Another address of the same network: they differ in the last bit but one at most. */
function neighbourOf(address: string): string {
  const octets = address.split('.').map(Number);
  const last = octets.at(-1) ?? 0;
  // Of four neighbours of a /30 two are hosts: 1 and 2.
  const other = last % 4 === 1 ? last + 1 : last - 1;
  return [...octets.slice(0, -1), other].join('.');
}

/** Whether the container may see the host in the client's place. */
function isMasqueraded(
  host: DockerHost,
  bridge: string,
  client: string,
  address: string,
  port: number,
): boolean {
  const packet = {
    source: client,
    destination: address,
    port,
    protocol: 'tcp',
    out: { is: bridge },
  } as const;
  return walks(host, 'nat', 'POSTROUTING', packet)
    .flat()
    .some(({ verdict }) => verdict === 'translate' || verdict === 'other');
}

/** Whether an interface of the container is that of one of its Docker networks. */
function isOfDocker({ routes }: AnswerWays, device: string, networks: readonly DockerNetwork[]): boolean {
  const addresses = new Set(networks.flatMap((network) => network.addresses));
  return routes.some(
    ({ type, devices, text }) => type === 'local' && devices[0] === device && addresses.has(text),
  );
}

function remedyFor(address: string, gateway: string, container: string): Advice {
  return advice`Let what answers pass by the tunnel and the kill switch, in the container that runs the VPN (its PostUp, or the image's setting for networks outside of the tunnel).\n${verbatim`docker exec ${container} ip rule add from ${address} lookup main priority 10`}\n${verbatim`docker exec ${container} iptables -I OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`}\nThe way that has to be left for it is the one by ${gateway}, the gateway of its Docker network.`;
}

export const answersAstray: Rule<DockerFacts> = {
  meta,
  judge: ({ host, input, answers }) => {
    if (!host || !answers) return [];
    const { networks, published, container } = servedBy(input);
    const ports = published.filter(
      ({ protocol, hostAddress }) =>
        protocol === 'tcp' && !hostAddress.includes(':') && !hostAddress.startsWith('127.'),
    );
    return ports.flatMap((port) => {
      const led = new Set(translations(host, port).map(({ to }) => to));
      const network = networks.find(({ addresses }) =>
        addresses.some((one) => led.has(`${one}:${port.port}`)),
      );
      const address = network?.addresses.find((one) => led.has(`${one}:${port.port}`));
      const bridge = network && bridgeOf(host, network);
      if (network === undefined || address === undefined || bridge === undefined) return [];
      const own = network.subnets.flatMap((one) => parsePrefix(one) ?? []);
      for (const { client, where } of clientsOf(host)) {
        const parsed = parsePrefix(client);
        if (parsed === undefined || own.some((subnet) => contains(subnet, parsed))) continue;
        const isHidden = isMasqueraded(host, bridge, client, address, port.port);
        const seen = isHidden ? network.gateway : client;
        const fate = fateOf(answers, { client: seen, address, port: port.port, protocol: 'tcp' });
        // What leaves by another Docker network of the container comes to the same host, which knows the connection.
        if (fate === undefined || (fate.kind === 'elsewhere' && isOfDocker(answers, fate.device, networks)))
          continue;
        return [
          occurrence(
            meta,
            'warning',
            `Who connects to ${publishedText(port)} of "${container}" from ${where}, gets no answer: what it answers ${seen} ${fateText(fate)}.`,
            [fateQuote(fate)],
            { remediation: remedyFor(address, network.gateway, container) },
          ),
        ];
      }
      return [];
    });
  },
};
