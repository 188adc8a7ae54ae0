/** The gateway of a macvlan network, asked from the container and from the host, which sits on the same parent. Pure. */
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { parseNeighbours } from '../../parsers/ip-neigh.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { parseRoutes } from '../../parsers/ip-route.ts';
import { parsePing } from '../../parsers/ping.ts';
import { inTable, longestMatch } from '../shared/lookup.ts';
import { read } from '../shared/measured.ts';
import type { DockerInput, DockerNetwork, ParentGateway } from './facts.ts';
import { servedBy } from './published.ts';

/** More networks of a container are not asked about. */
const MOST = 3;

/** Networks on which a container has a MAC address of its own behind an interface of the host. */
export function asked(input: DockerInput): DockerNetwork[] {
  return servedBy(input)
    .networks.filter(({ driver, gateway }) => driver === 'macvlan' && gateway !== '')
    .slice(0, MOST);
}

/** The same question of both. */
export function gatewayProbes(input: DockerInput): ProbeCommand[] {
  return asked(input).map(({ gateway }, i) => ({
    id: `parent-gateway-${i}`,
    argv: ['ping', '-n', '-c', '2', '-W', '1', gateway],
    timeoutSeconds: 5,
  }));
}

/** @param host the host's results under their own ids */
export function parentGateways(evidence: Evidence, host: Evidence, input: DockerInput): ParentGateway[] {
  const entries = read(evidence['neighbours'], 'ip', parseNeighbours).value;
  const answers = (results: Evidence, i: number): boolean | undefined => {
    const series = read(results[`parent-gateway-${i}`], 'ping', parsePing).value;
    return series === undefined ? undefined : series.received > 0;
  };
  return asked(input).map((network, i) => ({
    network,
    container: answers(evidence, i),
    host: sendsByParent(host, network) ? answers(host, i) : undefined,
    entry: entries?.find(({ address }) => address === network.gateway),
  }));
}

/**
 * Without an address on the parent, as on that of a VLAN, the host reaches the gateway by another link, as it reaches anybody:
 * that says nothing of the parent.
 */
function sendsByParent(host: Evidence, { gateway, parent }: DockerNetwork): boolean {
  const address = parsePrefix(gateway);
  const routes = read(host['routes'], 'ip', parseRoutes).value;
  if (address === undefined || routes === undefined || parent === undefined) return false;
  const won = longestMatch(address, inTable(routes, 'main'));
  return won?.gateways.length === 0 && won.devices.includes(parent);
}
