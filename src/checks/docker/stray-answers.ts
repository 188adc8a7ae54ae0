/** What becomes of the answers of published ports, by the container's own rules and routes alone: nobody has to connect. Pure. */

import type { PublishedPort } from '../../model/docker-ports.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';
import type { IptablesRule, IptablesTable } from '../../parsers/iptables-tables.ts';
import { type AnswerWays, type Fate, fateOf } from '../shared/answers.ts';
import type { DockerFacts, DockerHost, DockerNetwork } from './facts.ts';
import { bridgeOf, outside, walks } from './host.ts';
import { servedBy } from './published.ts';
import { translations } from './rules/not-led.ts';

/** An answer that does not leave by the interface that has the address which was asked. */
export interface StrayAnswer {
  readonly port: PublishedPort;
  readonly container: string;
  /** To which the port leads, and its address there. */
  readonly network: DockerNetwork;
  readonly address: string;
  /** Where the client is, in words. */
  readonly where: string;
  /** Whom the container answers: the client, or the host in its place. */
  readonly seen: string;
  readonly fate: Fate;
  /** The container has another route that is as good, by which the answer gets back, and takes either. */
  readonly isAtTimes: boolean;
  /** The network of the container by which it leaves; absent: none of the engine's. */
  readonly leaves?: DockerNetwork;
}

/** For each TCP port that others reach: an answer for each network that they may be in. */
export function strayAnswers({ host, input, answers }: DockerFacts): StrayAnswer[][] {
  if (!host || !answers) return [];
  const { networks, published, container } = servedBy(input);
  const ports = published.filter(
    ({ protocol, hostAddress }) =>
      protocol === 'tcp' && !hostAddress.includes(':') && !hostAddress.startsWith('127.'),
  );
  return ports.map((port) => {
    const led = new Set(translations(host, port).map(({ to }) => to));
    const network = networks.find(({ addresses }) =>
      addresses.some((one) => led.has(socketAddress(one, port.port))),
    );
    const address = network?.addresses.find((one) => led.has(socketAddress(one, port.port)));
    const bridge = network && bridgeOf(host, network);
    if (network === undefined || address === undefined || bridge === undefined) return [];
    const own = network.subnets.flatMap((one) => parsePrefix(one) ?? []);
    return clientsOf(host).flatMap(({ client, where }): StrayAnswer[] => {
      const parsed = parsePrefix(client);
      if (parsed === undefined || own.some((subnet) => contains(subnet, parsed))) return [];
      const isHidden = isMasqueraded(host, bridge, client, address, port.port);
      const seen = isHidden ? network.gateway : client;
      const fates = equalWays(answers).map((ways) =>
        fateOf(ways, { client: seen, address, port: port.port, protocol: 'tcp' }),
      );
      const fate = fates.find((one) => one !== undefined);
      if (fate === undefined) return [];
      const isAtTimes = fates.includes(undefined);
      const leaves = fate.kind === 'elsewhere' ? networkOf(answers, fate.device, networks) : undefined;
      return [
        {
          port,
          container,
          network,
          address,
          where,
          seen,
          fate,
          isAtTimes,
          ...(leaves === undefined ? {} : { leaves }),
        },
      ];
    });
  });
}

/**
 * Of default routes with the same metric the kernel takes one whose router it knows, in turn (fib_select_default,
 * net/ipv4/fib_semantics.c): each of them may be the first.
 */
function equalWays(ways: AnswerWays): AnswerWays[] {
  const defaults = ways.routes.filter(
    ({ type, table, family, destination }) =>
      type === 'unicast' && table === 'main' && family === 'inet' && destination.length === 0,
  );
  const best = Math.min(...defaults.map(({ metric }) => metric));
  const equal = defaults.filter(({ metric }) => metric === best);
  if (equal.length < 2) return [ways];
  return equal.map((first) => ({ ...ways, routes: [first, ...ways.routes.filter((one) => one !== first)] }));
}

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
    ...(mayBeMarked(host, client) ? {} : { mark: 0 }),
  } as const;
  return walks(host, 'nat', 'POSTROUTING', packet)
    .flat()
    .some(({ verdict }) => verdict === 'translate' || verdict === 'other');
}

/** Whether rules that this client's packets may meet set a mark, by which others may translate. */
function mayBeMarked({ books }: DockerHost, client: string): boolean {
  const source = parsePrefix(client);
  const isOthers = ({ matches }: IptablesRule): boolean =>
    matches.some(({ option, values, negated }) => {
      const prefix = option === '-s' ? parsePrefix(values[0] ?? '') : undefined;
      return prefix !== undefined && source !== undefined && contains(prefix, source) === negated;
    });
  const marks = (table: IptablesTable, name: string, passed: readonly string[]): boolean =>
    !passed.includes(name) &&
    (table.get(name)?.rules ?? []).some(
      (rule) =>
        !isOthers(rule) &&
        (rule.target === 'MARK' ||
          rule.target === 'CONNMARK' ||
          (table.has(rule.target) && marks(table, rule.target, [...passed, name]))),
    );
  return books.some(({ tables }) =>
    [...tables.values()].some((table) =>
      ['PREROUTING', 'FORWARD', 'POSTROUTING'].some((hook) => marks(table, hook, [])),
    ),
  );
}

/** The Docker network whose interface in the container it is. */
function networkOf(
  { routes }: AnswerWays,
  device: string,
  networks: readonly DockerNetwork[],
): DockerNetwork | undefined {
  return networks.find(({ addresses }) =>
    routes.some(
      ({ type, devices, text }) => type === 'local' && devices[0] === device && addresses.includes(text),
    ),
  );
}
