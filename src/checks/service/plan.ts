/** The commands of the service check: every endpoint by itself, then the cluster IP, then the name. Pure. */

import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { isAddressAlias } from '../shared/address-alias.ts';
import { reachProbe } from '../shared/reach-probe.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { ServiceInfo, ServiceInput } from './facts.ts';

/** Connections to a cluster IP when one of several endpoints is the target itself: each meets another one. */
const MAX_REPEATS = 20;
/**
 * One after the other, and once all other probes are done: beside those of several Services they fill the accept queue of a
 * small server, which looks like a packet that is lost.
 */
const SERIES = { intervalMs: 60, budgetMs: 4000, timeoutSeconds: 9 };
/** For each endpoint, so that the target itself is chosen several times. */
const REPEATS_PER_ENDPOINT = 5;

export function planService(input: ServiceInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('status'),
      ...input.services.flatMap((service) => [
        ...rules(service, 'before', scripts),
        ...connections(service, 'before'),
      ]),
    ],
    probe: [
      ...input.services.flatMap((service) => probes(service, scripts)),
      // Another Service's address, to tell one that fails from all that do.
      reachProbe(
        { id: 'reference', host: '%apiserver%', port: '%apiserver-port%', protocol: 'tcp' },
        scripts,
        false,
      ),
      // And by its name, to tell a name that the resolver does not know from a resolver that knows no Service.
      ...(input.services.some(isNamed)
        ? [
            reachProbe(
              {
                id: REFERENCE_NAME,
                host: 'kubernetes.default.svc',
                port: '%apiserver-port%',
                protocol: 'tcp',
              },
              scripts,
              false,
            ),
          ]
        : []),
    ],
    after: input.services.flatMap((service) => [
      ...rules(service, 'after', scripts),
      ...connections(service, 'after'),
      ...series(service, input, scripts),
    ]),
  };
}

/** What kube-proxy has written for a Service: for a node alone. */
function rules(service: ServiceInfo, when: string, scripts: ProbeScripts): ProbeCommand[] {
  const { id, proxied, clusterIp, protocol, port, namespace, name } = service;
  if (proxied === undefined || clusterIp === undefined) return [];
  const words = [clusterIp, protocol, String(port), `${namespace}/${name}`];
  return [
    {
      id: `${id}-rules-${when}`,
      argv: ['sh', '-c', scripts.serviceRules, 'service-rules', ...words],
      timeoutSeconds: 10,
      display: ['service-rules', ...words],
    },
  ];
}

/** The target's own connections to a Service that has endpoints to choose from: before those of the run, and after. */
function connections({ id, protocol, clusterIp, port, ready }: ServiceInfo, when: string): ProbeCommand[] {
  if (protocol !== 'tcp' || clusterIp === undefined || ready < 2) return [];
  const end = socketAddress(clusterIp, port);
  return [{ id: `${id}-connections-${when}`, argv: ['ss', '-tinH', 'dst', end], timeoutSeconds: 5 }];
}

/** How many connections the cluster IP gets. */
export function repeats(service: ServiceInfo, input: ServiceInput): number {
  return service.id === shownBy(input)?.id ? Math.min(MAX_REPEATS, REPEATS_PER_ENDPOINT * service.ready) : 1;
}

/** Whether a pod reaches itself is a matter of its port of the bridge: one Service shows it, best that of the fewest endpoints. */
function shownBy({ services, addresses }: ServiceInput): ServiceInfo | undefined {
  return services
    .filter(
      ({ endpoints, protocol, ready, clusterIp }) =>
        clusterIp !== undefined &&
        protocol === 'tcp' &&
        ready > 1 &&
        endpoints.some((e) => addresses.includes(e.address)),
    )
    .sort((a, b) => a.ready - b.ready)[0];
}

function probes(service: ServiceInfo, scripts: ProbeScripts): ProbeCommand[] {
  const { id, protocol, clusterIp, port, namespace, name } = service;
  const to = (suffix: string, host: string, number: number, large: boolean): ProbeCommand =>
    reachProbe({ id: `${id}-${suffix}`, host, port: String(number), protocol }, scripts, large);
  return [
    // The words are those of the firewall check, so that a diagnosis connects once.
    ...service.endpoints.flatMap((e, i) =>
      e.isSweptOnly === true
        ? []
        : [
            to(`endpoint${i}`, e.address, e.port, true),
            ...e.otherPorts.map((other) => to(`endpoint${i}-${other}`, e.address, other, false)),
            ...(e.otherAddress === undefined ? [] : [to(otherFamilyId(i), e.otherAddress, e.port, true)]),
          ],
    ),
    ...(service.ending ?? []).map(({ address, port: own }, i) => to(endingId(i), address, own, false)),
    ...(clusterIp === undefined ? [] : [to('virtual0', clusterIp, port, true)]),
    // Twice: one packet of DNS that is lost takes longer than the probe has.
    ...(isNamed(service)
      ? [0, 1].map((nth) => again(to(nameId(nth), `${name}.${namespace}.svc`, port || ANY_PORT, false), nth))
      : []),
  ];
}

function series(service: ServiceInfo, input: ServiceInput, scripts: ProbeScripts): ProbeCommand[] {
  const { id, clusterIp, port } = service;
  const count = repeats(service, input) - 1;
  if (clusterIp === undefined || count === 0) return [];
  const { intervalMs, budgetMs, timeoutSeconds } = SERIES;
  const words = [clusterIp, String(port), String(count)];
  return [
    {
      id: seriesId(id),
      argv: [
        ...['bash', '-c', scripts.tcpConnect, 'tcp-connect', ...words],
        ...[String(intervalMs), String(budgetMs)],
      ],
      timeoutSeconds,
      display: ['tcp-connect', ...words],
    },
  ];
}

/** Of the connections to a cluster IP after the first one. */
export function seriesId(service: string): string {
  return `${service}-virtual-series`;
}

/** Its name is one that clients use, and is looked at here. */
export function isNamed(service: ServiceInfo): boolean {
  return (
    (service.type !== 'ExternalName' || isAddressAlias(service.externalName)) &&
    service.isOtherFamily !== true
  );
}

/** Of an alias without a port: whether the name resolves is what is asked. */
const ANY_PORT = 443;

export const REFERENCE_NAME = 'reference-name';

/** The end of the id of a connection to a pod that is about to go. */
export function endingId(nth: number): string {
  return `ending${nth}`;
}

/** The end of the id of a connection to an endpoint's pod by its other address. */
export function otherFamilyId(nth: number): string {
  return `endpoint${nth}-family`;
}

/** The end of the id of a datagram to an endpoint. @param which the port that TCP was refused at, or another one */
export function udpId(nth: number, which: 'same' | 'other'): string {
  return `endpoint${nth}-udp-${which}`;
}

/** The end of the id of a connection by name. */
export function nameId(nth: number): string {
  return nth === 0 ? 'name' : `name-again${nth}`;
}

/** The same command twice would run once. The script does not look at the last word. */
function again(command: ProbeCommand, nth: number): ProbeCommand {
  return nth === 0 ? command : { ...command, argv: [...command.argv, `again-${nth}`] };
}
