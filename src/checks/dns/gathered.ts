/** From evidence to facts: parses each result and joins it with what the API knows. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseDig } from '../../parsers/dig.ts';
import { type DnsProbe, type DnsQuery, parseDnsProbe } from '../../parsers/dns-probe.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parseNeighbours } from '../../parsers/ip-neigh.ts';
import { parseListeners } from '../../parsers/listeners.ts';
import { parseResolvConf, type ResolvConf } from '../../parsers/resolv-conf.ts';
import { parseTcpdumpIcmp } from '../../parsers/tcpdump-icmp.ts';
import { type Measured, read, seenOf } from '../shared/measured.ts';
import { behindService, evaluatePolicies } from '../shared/network-policy.ts';
import { because } from '../shared/reason.ts';
import { resolvConfOf } from '../shared/resolv-conf.ts';
import type {
  DnsEndpoint,
  DnsFacts,
  DnsInput,
  DnsService,
  EndpointVerdict,
  NameFacts,
  Reach,
  ServerFacts,
  StrangerAnswer,
  Transport,
} from './facts.ts';
import { BESIDE } from './places.ts';
import { AGAIN_SECONDS, namesAskedAgain, namesWithStrangers, topsOf, VARIANTS } from './plan.ts';
import { isNodeLocal } from './wording.ts';

/**
 * Of a neighbour that was just sent packets: who does not answer is FAILED 8 s after the first of them (delay_first_probe_time
 * and three requests, arp(7)), and a run in which servers are silent takes longer.
 */
const ALIVE: readonly string[] = ['REACHABLE', 'STALE', 'DELAY'];

export function dnsFacts(evidence: Evidence, input: DnsInput): DnsFacts {
  const result = evidence['dns'];
  const printed = read(result, 'sh', parseDnsProbe, { endsByTime: true });
  const probe = printed.value ?? parseDnsProbe('');
  const resolvConfResult = evidence['resolv-conf'];
  const conf = confirmed(resolvConfOf(resolvConfResult), probe, result);
  const resolvConf = conf.value ?? parseResolvConf('');
  const services = input.services.value ?? [];
  const endpoints = services.flatMap((service) =>
    service.endpoints.map((endpoint) => ({ service, endpoint })),
  );
  const asked = probe.queries.flatMap((q) => (q.role === 'server' ? [q.server] : []));
  const named = conf.value === undefined ? asked : resolvConf.servers;
  const servers = [...new Set(named)].map((address) => serverFacts(probe, address, services));
  return {
    probe,
    result,
    unread: printed.skipped,
    resolvConf,
    noResolvConf: conf.skipped,
    resolvConfResult,
    servers,
    endpoints: endpoints
      .map(({ service, endpoint }) => endpointFacts(probe, service, endpoint))
      .filter(({ udp, tcp }) => udp.reach !== 'unasked' || tcp.reach !== 'unasked'),
    names: probe.names.map(({ name, candidates }) => nameFacts(probe, input, name, candidates)),
    icmp: parseTcpdumpIcmp(probe.icmp ?? ''),
    reachable: (read(evidence['neighbours'], 'ip', parseNeighbours).value ?? []).filter(({ state }) =>
      ALIVE.includes(state),
    ),
    ...machinePart(evidence, input),
    again: againOf(evidence['dns-again'], input, servers[0]?.address ?? ''),
    strangers: strangersOf(evidence['dns-strangers'], input),
    denied: { tops: deniedTops(evidence['dns-tops'], input), result: evidence['dns-tops'] },
    reverse: reverseOf(evidence['dns-reverse'], input),
    input,
    isDnsServer: endpoints.some(({ endpoint }) => input.pod.addresses.includes(endpoint.address)),
    policy: {
      udp: verdicts(input, servers, 'udp'),
      tcp: verdicts(input, servers, 'tcp'),
    },
  };
}

function machinePart(evidence: Evidence, { machine }: DnsInput): Pick<DnsFacts, 'machine'> {
  const prefix = machine === 'beside' ? BESIDE : '';
  const result = evidence[`${prefix}listeners`];
  if (machine === undefined || result === undefined) return {};
  const interfaces = read(evidence[`${prefix}addresses`], 'ip', parseInterfaces).value;
  const listeners = read(result, 'ss', (text, { code }) => (code === 0 ? parseListeners(text) : undefined));
  return interfaces === undefined || listeners.value === undefined
    ? {}
    : { machine: { isTarget: machine === 'target', interfaces, listeners: listeners.value, result } };
}

/** What became of the questions of {@link VARIANTS}; @param first server of resolv.conf, which dig asks */
function againOf(result: ProbeResult | undefined, input: DnsInput, first: string): DnsQuery[] {
  const names = namesAskedAgain([...new Set([...input.names, ...input.destinations])]);
  const questions = names.flatMap((name) => VARIANTS.map((variant) => ({ ...variant, name })));
  const answers = read(result, 'dig', (text) => parseDig(text, questions.length), { endsByTime: true });
  return (seenOf(answers) ?? []).flatMap((answer, i): DnsQuery[] => {
    const asked = questions[i];
    if (asked === undefined) return [];
    const { name, type, options } = asked;
    return [
      {
        ...answer,
        role: 'server',
        server: first,
        port: 53,
        protocol: 'udp',
        limitMs: AGAIN_SECONDS * 1000,
        question: { name: name.replace(/\.?$/, '.'), type },
        options,
        text: '',
      },
    ];
  });
}

function deniedTops(result: ProbeResult | undefined, input: DnsInput): string[] {
  const tops = topsOf([...new Set([...input.names, ...input.destinations])]);
  const answers = seenOf(read(result, 'dig', (text) => parseDig(text, tops.length), { endsByTime: true }));
  return tops.filter((_, i) => answers?.[i]?.rcode === 'NXDOMAIN');
}

const REVERSE_QUESTIONS = 2;

function reverseOf(result: ProbeResult | undefined, { pod }: DnsInput): DnsFacts['reverse'] {
  const [address] = pod.addresses;
  if (result === undefined || address === undefined) return undefined;
  const answers = seenOf(
    read(result, 'dig', (text) => parseDig(text, REVERSE_QUESTIONS), { endsByTime: true }),
  );
  return answers === undefined ? undefined : { address, answers, result };
}

/** dig prints a record with its whole name, the domain of the search list included. */
function strangersOf(result: ProbeResult | undefined, input: DnsInput): StrangerAnswer[] {
  const lines = seenOf(read(result, 'dig', (text) => text.split('\n'), { endsByTime: true })) ?? [];
  if (result === undefined) return [];
  const records = lines.flatMap((line) => {
    const [, name, address] = /^([^;\s]\S*\.)\s+\d+\s+IN\s+A\s+(\S+)$/.exec(line) ?? [];
    return name === undefined || address === undefined ? [] : [{ name, address, line }];
  });
  return namesWithStrangers([...new Set([...input.names, ...input.destinations])]).flatMap((below) => {
    const own = records.filter(({ name }) => name.toLowerCase().includes(`.${below.toLowerCase()}.`));
    const [first] = own;
    return first === undefined
      ? []
      : [
          {
            below,
            found: first.name,
            addresses: own.map(({ address }) => address),
            line: first.line,
            result,
          },
        ];
  });
}

/** The probe reads the same file: where it came to nothing, that no server stands there has not been seen. */
function confirmed(
  conf: Measured<ResolvConf>,
  probe: DnsProbe,
  result: ProbeResult | undefined,
): Measured<ResolvConf> {
  const isProbed = result?.status !== 'exited' || result.code === 127 || probe.control !== undefined;
  return conf.value?.servers.length === 0 && !isProbed
    ? { skipped: because('it seems to be empty, and the probe that reads it printed nothing') }
    : conf;
}

function serverFacts(probe: DnsProbe, address: string, services: readonly DnsService[]): ServerFacts {
  const service = services.find((s) => s.addresses.includes(address));
  return {
    address,
    role: 'server',
    label: service && service.isDockers !== true ? `${address} (${service.name})` : address,
    ...transports(probe.queries.filter((q) => q.role === 'server' && q.server === address)),
    service,
    endpoint: undefined,
  };
}

function endpointFacts(probe: DnsProbe, service: DnsService, endpoint: DnsEndpoint): ServerFacts {
  const { address, pod } = endpoint;
  return {
    address,
    role: 'endpoint',
    label: pod === undefined ? address : `${pod} (${address})`,
    ...transports(probe.queries.filter((q) => q.role === 'endpoint' && q.server === address)),
    service,
    endpoint,
  };
}

function transports(queries: readonly DnsQuery[]): { readonly udp: Transport; readonly tcp: Transport } {
  return {
    udp: transport(queries.filter((q) => q.protocol === 'udp')),
    tcp: transport(queries.filter((q) => q.protocol === 'tcp')),
  };
}

function transport(queries: readonly DnsQuery[]): Transport {
  const any = (outcome: DnsQuery['outcome']): boolean => queries.some((q) => q.outcome === outcome);
  const reach: Reach = any('answered')
    ? 'answers'
    : any('refused')
      ? 'refused'
      : any('garbled')
        ? 'garbled'
        : any('unreachable')
          ? 'unreachable'
          : any('timeout')
            ? 'silent'
            : 'unasked';
  return { reach, queries };
}

function nameFacts(probe: DnsProbe, input: DnsInput, name: string, candidates: readonly string[]): NameFacts {
  const known = candidates.map((candidate) => ({
    name: candidate,
    answers: probe.queries.filter(
      (q) => q.role === 'server' && q.protocol === 'udp' && sameName(q.question.name, candidate),
    ),
  }));
  const at = known.findIndex(({ answers }) => answers.some((a) => a.addresses.length > 0));
  // A candidate before it that was never answered may have ended the search, or not.
  const isSure =
    at >= 0 && known.slice(0, at).every(({ answers }) => answers.some((a) => a.outcome === 'answered'));
  const [resolver, again] = probe.resolver.filter((run) => run.name === name);
  return {
    name,
    origin: input.names.includes(name)
      ? 'asked'
      : input.destinations.includes(name)
        ? 'destination'
        : 'default',
    candidates: known,
    found: known[at],
    cost: isSure ? 2 * (at + 1) : undefined,
    resolver,
    again,
  };
}

/** Names are compared without regard to case (RFC 4343). */
function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/**
 * Policies look behind a Service's address, and an address of which nothing is known may be one: where Services of the
 * DNS servers' namespace may not be read, or the DNS servers live in another. A node's servers are no Service of the
 * cluster's; only a pod that is told to use them has them.
 */
function ofUnknown({ pod }: DnsInput, { verdict, ...rest }: EndpointVerdict): EndpointVerdict {
  const isNodes = pod.policy === 'Default' || (pod.hostNetwork && pod.policy === 'ClusterFirst');
  return { ...rest, verdict: isNodes ? verdict : behindService(verdict) };
}

/** What NetworkPolicies say of the way to each server as it is after the Service's translation. */
function verdicts(
  input: DnsInput,
  servers: readonly ServerFacts[],
  protocol: 'udp' | 'tcp',
): readonly EndpointVerdict[] {
  const known = input.policies.value;
  if (known === undefined) return [];
  const ask = (label: string, to: { readonly address: string }, port: number): EndpointVerdict => ({
    label,
    port,
    verdict: evaluatePolicies(known.policies, { from: known.from, to, port, protocol }),
  });
  return servers.flatMap(({ address, service, udp }) => {
    // The node's own cache (NodeLocal DNSCache): of a pod's way to its node, some plugins (Calico) hold it to its egress
    // policies, and others do not. Where it answers, nothing is to be said of them.
    if (isNodeLocal(address)) return udp.reach === 'silent' ? [ask(address, { address }, 53)] : [];
    const pod = input.services.value?.flatMap((s) => s.endpoints).find((e) => e.address === address);
    if (pod) return [ask(pod.pod ?? address, pod.end ?? { address }, 53)];
    if (service === undefined) return [ofUnknown(input, ask(address, { address }, 53))];
    return service.endpoints.map((e) =>
      ask(e.pod ?? e.address, e.end ?? { address: e.address }, protocol === 'udp' ? e.udpPort : e.tcpPort),
    );
  });
}
