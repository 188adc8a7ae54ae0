import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import { fateQuote, fateText } from '../../shared/answers.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { publishedText } from '../published.ts';
import { strayAnswers } from '../stray-answers.ts';

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

function remedyFor(address: string, gateway: string, container: string): Advice {
  return advice`Let what answers pass by the tunnel and the kill switch, in the container that runs the VPN (its PostUp, or the image's setting for networks outside of the tunnel).\n${verbatim`docker exec ${container} ip rule add from ${address} lookup main priority 10`}\n${verbatim`docker exec ${container} iptables -I OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`}\nThe way that has to be left for it is the one by ${gateway}, the gateway of its Docker network.`;
}

export const answersAstray: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    strayAnswers(facts).flatMap((all) => {
      // What leaves by another Docker network of the container comes to the same host, which knows the connection.
      const lost = all.find(({ leaves, isAtTimes }) => leaves === undefined && !isAtTimes);
      if (lost === undefined) return [];
      const { port, container, network, address, where, seen, fate } = lost;
      return [
        occurrence(
          meta,
          'warning',
          `Who connects to ${publishedText(port)} of "${container}" from ${where}, gets no answer: what it answers ${seen} ${fateText(fate)}.`,
          [fateQuote(fate)],
          { remediation: remedyFor(address, network.gateway, container) },
        ),
      ];
    }),
};
