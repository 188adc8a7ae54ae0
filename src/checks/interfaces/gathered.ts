/** From evidence to facts: parses each result. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import { type Interface, parseInterfaces } from '../../parsers/ip-addr.ts';
import { type LinkCounters, parseLinkCounters } from '../../parsers/ip-link.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseRoutes } from '../../parsers/ip-route.ts';
import { parseLoadAverage } from '../../parsers/load-average.ts';
import { parseNicCounters } from '../../parsers/nic-counters.ts';
import { parseSoftnet } from '../../parsers/softnet.ts';
import { noIpJson, read } from '../shared/measured.ts';
import type { InterfacesFacts, InterfacesInput, Traffic } from './facts.ts';

export function interfacesFacts(evidence: Evidence, input: InterfacesInput): InterfacesFacts {
  const interfaces = read(evidence['addresses'], 'ip', parseInterfaces).value;
  const routes = read(evidence['routes'], 'ip', parseRoutes);
  const defaults = new Set(
    (routes.value ?? [])
      .filter((route) => route.type === 'unicast' && route.destination.length === 0)
      .flatMap((route) => route.devices),
  );
  const [before = [], after = []] = ['links-before', 'links-after'].map(
    (id) => read(evidence[id], 'ip', parseLinkCounters).value,
  );
  const [nicsBefore, nicsAfter] = ['nics-before', 'nics-after'].map((id) =>
    read(evidence[id], 'sh', parseNicCounters),
  );
  const [softnetBefore, softnetAfter] = ['softnet-before', 'softnet-after'].map(
    (id) => read(evidence[id], 'cat', parseSoftnet).value,
  );
  const load = read(evidence['load'], 'cat', parseLoadAverage).value;
  return {
    interfaces,
    needed: (interfaces ?? []).filter((i) => isNeeded(i, input, defaults)),
    traffic: before.flatMap((then) =>
      traffic(
        then,
        after.find((now) => now.name === then.name),
      ),
    ),
    noRoutes: routes.value === undefined ? noIpJson(evidence['routes']) : undefined,
    counted: { before, after },
    isHost: input.hostNetwork,
    hardware: { before: nicsBefore?.value ?? [], after: nicsAfter?.value ?? [] },
    noHardware: nicsAfter?.skipped ?? nicsBefore?.skipped,
    softnet: { before: softnetBefore, after: softnetAfter },
    tasksPerCpu: load === undefined || softnetAfter === undefined ? undefined : load / softnetAfter.cpus,
    results: {
      hardware: evidence['nics-after'],
      softnet: evidence['softnet-after'],
      load: evidence['load'],
      interfaces: evidence['addresses'],
      before: evidence['links-before'],
      after: evidence['links-after'],
    },
  };
}

/** Bridges without ports and tunnels without a peer have no carrier and lack none (docker0 in a pod of its own). */
const IDLE_KINDS = new Set(['bridge', 'dummy', 'tun', 'ifb', 'wireguard']);

/** A tunnel's fallback device (tunl0, sit0, …) is always there, and down; it has no address. */
function isNeeded(
  i: Interface,
  { podIps, hostNetwork }: InterfacesInput,
  defaults: ReadonlySet<string>,
): boolean {
  if (i.flags.includes('LOOPBACK')) return false;
  if (defaults.has(i.name)) return true;
  if (i.addresses.some((a) => podIps.some((ip) => sameAddress(ip, a.address)))) return true;
  if (hostNetwork || IDLE_KINDS.has(i.kind ?? '')) return false;
  return i.addresses.some((a) => a.scope === 'global');
}

function traffic(then: LinkCounters, now: LinkCounters | undefined): Traffic[] {
  if (now === undefined) return [];
  const grown = (direction: 'received' | 'sent') => ({
    packets: now[direction].packets - then[direction].packets,
    errors: now[direction].errors - then[direction].errors,
  });
  return [
    {
      name: then.name,
      received: grown('received'),
      sent: grown('sent'),
      carrierChanges: (now.carrierChanges ?? 0) - (then.carrierChanges ?? 0),
    },
  ];
}
