import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { parsePrefix } from '../../../parsers/ip-prefix.ts';
import { routeText } from '../../../parsers/ip-route.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { fateQuote } from '../../shared/answers.ts';
import { lookup } from '../../shared/lookup.ts';
import { quote, quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts } from '../facts.ts';
import { bridgeOf } from '../host.ts';
import { onHost } from '../passage.ts';
import { publishedText } from '../published.ts';
import { type StrayAnswer, strayAnswers } from '../stray-answers.ts';

const COUNTER = 'TcpExt.IPReversePathFilter';

const meta = {
  id: 'NT-DKR-029',
  title: "The host's reverse path filter drops what a published port answers",
  severities: ['warning'],
  meaning:
    'The container is on several networks of the engine. The port leads to its address on one of them, and what it answers leaves by another, where its default route is. Of several default routes with the same metric, as podman makes them for each network, the kernel takes one whose router it knows, so that it works at times. The host then sees a packet come in by a bridge by which it would not send to its source, and with a strict reverse path filter it drops that silently: clients of other machines wait for an answer. From the host itself, and from containers on the same networks, the port may work.',
  rule: "For each TCP port that is published on an address which others reach, and led to an address of the container on one network: an answer to a machine in a network of the host leaves by the interface of another network of the container, by its own rules and routes (of default routes with the same metric each is looked at: at times); rp_filter of that network's bridge is strict on the host (the greater of conf.all and conf.BRIDGE is 1), and the host's route to the container's address leads through another interface. Of Docker's host and of podman's.",
  source: 'Linux: Documentation/networking/ip-sysctl.rst (rp_filter), RFC 3704',
  remedy:
    'Let the filter of that bridge be loose (rp_filter 2), or the container answer by the network that the port leads to: make that one its default route, or leave the container on one network.',
} as const;

function escaped(name: string): string {
  return name.replace(/[^\w-]/g, '\\$&');
}

function remedyFor(bridge: string, port: string): Advice {
  return advice`On the host, let the filter of ${bridge} be loose, and keep that in /etc/sysctl.d: conf.all and conf.IFACE count both, and 2 of either is loose.\n${verbatim`sysctl -w net.ipv4.conf.${bridge}.rp_filter=2`}\nOr let the container answer by the network to which ${port} leads: its default route has to be on that one (podman: the order of the networks or their metric; Docker 28: --network name=NETWORK,gw-priority=1).`;
}

function filtered(facts: DockerFacts, one: StrayAnswer): Occurrence[] {
  const { host } = facts;
  const bridge = host && one.leaves && bridgeOf(host, one.leaves);
  const address = parsePrefix(one.address);
  if (!host || bridge === undefined || address === undefined || host.strict?.includes(bridge) !== true)
    return [];
  const routes = host.routes.filter(({ family }) => family === 'inet');
  const decision = lookup(address, host.rules ?? [], routes);
  const back = decision.kind === 'route' && decision.route.type === 'unicast' ? decision.route : undefined;
  if (back === undefined || back.devices.includes(bridge)) return [];
  const { before, after, quotes } = host.counters;
  const dropped = growth(before, after, COUNTER) ?? 0;
  const counted =
    dropped === 0 ? '' : ` (it dropped ${dropped} ${dropped === 1 ? 'packet' : 'packets'} during the run)`;
  return [
    occurrence(
      meta,
      'warning',
      `Who connects to ${publishedText(one.port)} of "${one.container}" from ${one.where}, gets no answer${one.isAtTimes ? ' at times' : ''}: it leads to ${one.address} on network ${one.network.name}, what that answers leaves by network ${one.leaves?.name}, and the host drops it on ${bridge}, where its reverse path filter is strict${counted}: the way back to ${one.address} leads through ${back.devices.join(', ')}${one.isAtTimes ? '. The container has several default routes of one metric, and takes one whose router it knows' : ''}.`,
      [
        fateQuote(one.fate),
        ...[
          ...quote(host.results.rpFilter, new RegExp(`/(all|${escaped(bridge)})/`), 2),
          { command: ['ip', 'route', 'show'], excerpt: routeText(back) },
          ...(dropped === 0 ? [] : quoteCounters(quotes, before, after, [COUNTER])),
        ].map(({ command, excerpt }) => onHost(command, excerpt)),
      ],
      { remediation: remedyFor(bridge, publishedText(one.port)) },
    ),
  ];
}

export const answersFiltered: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    strayAnswers(facts).flatMap((all) => all.flatMap((one) => filtered(facts, one)).slice(0, 1)),
};
