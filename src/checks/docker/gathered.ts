/** From evidence to facts. Pure. */

import type { Evidence } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { answerWays } from '../shared/answer-ways.ts';
import { read } from '../shared/measured.ts';
import { reachOf } from '../shared/reach-probe.ts';
import { resolvConfOf } from '../shared/resolv-conf.ts';
import type { DockerFacts, DockerHost, DockerInput, HostLink, Tried } from './facts.ts';
import { triedHolders } from './holders.ts';
import { bridgeOf, dockerHost } from './host.ts';
import { hostEvidence } from './host-plan.ts';
import { parentGateways } from './parent-gateway.ts';

/** The facts, and why nothing is known of the host where something should be. */
export function dockerFacts(
  evidence: Evidence,
  input: DockerInput,
): DockerFacts & { readonly hostSkipped: Reason | undefined } {
  const resolvConf = evidence['resolv-conf'];
  const host = dockerHost(evidence, input);
  const answers = answerWays(evidence);
  return {
    input,
    ...(answers === undefined ? {} : { answers }),
    host: host?.value,
    hostSkipped: host?.skipped,
    links: host?.value ? linksOf(host.value, input) : [],
    tried: input.destinations.map((destination): Tried => {
      const result = evidence[`${destination.id}-reach`];
      const reach = reachOf(result);
      const address = reach.value?.address ?? destination.host;
      const port = Number(result?.command[3] ?? destination.port);
      return { destination, reach, result, address, port };
    }),
    nameServers: resolvConfOf(resolvConf).value?.servers,
    holders: triedHolders(evidence, input),
    parentGateways: parentGateways(evidence, hostEvidence(evidence), input),
    ownInterfaces: read(evidence['own-interfaces'], 'ip', parseInterfaces).value,
    ownAddresses: read(evidence['addresses'], 'ip', parseInterfaces).value?.flatMap(({ addresses }) =>
      addresses.filter(({ scope }) => scope === 'global').map(({ address }) => address),
    ),
  };
}

function linksOf(host: DockerHost, { networks }: DockerInput): HostLink[] {
  return networks.flatMap((network): HostLink[] => {
    const bridge = bridgeOf(host, network);
    const address = network.addresses.find((one) => parsePrefix(one)?.family === 'inet');
    return bridge === undefined || address === undefined ? [] : [{ network, bridge, address }];
  });
}
