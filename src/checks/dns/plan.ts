/** The commands of the dns check: the resolver's configuration, and one probe that asks everything at once. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { DnsInput } from './facts.ts';

/**
 * Two rounds of 6 s, the further questions, and who refused: only when servers are silent. The shell script, which asks
 * one server after the other, takes as long for each.
 */
const PROBE_LIMIT_SECONDS = 60;

/** Whose addresses the name servers may have, and who listens there. */
export const MACHINE: readonly ProbeCommand[] = [snapshot('addresses'), snapshot('listeners')];

export function planDns(input: DnsInput, scripts: ProbeScripts): StagedPlan {
  const endpoints = (input.services.value ?? [])
    .flatMap((service) => service.endpoints)
    .map((e) => `${e.address}/${e.udpPort}/${e.tcpPort}`);
  const names = [...new Set([...input.names, ...input.destinations])];
  return {
    before: [
      { id: 'status', argv: ['cat', '/proc/self/status'], timeoutSeconds: 5 },
      { id: 'resolv-conf', argv: ['cat', '/etc/resolv.conf'], timeoutSeconds: 5 },
    ],
    probe: [
      {
        id: 'dns',
        argv: ['sh', '-c', scripts.dns, 'dns', endpoints.join(' '), ...names],
        timeoutSeconds: PROBE_LIMIT_SECONDS,
        display: ['dns-probe', ...endpoints, ...names],
      },
      ...askedAgain(names),
      ...strangersAsked(names),
      ...topsAsked(names),
      ...reverseAsked(input),
    ],
    after: [snapshot('neighbours'), ...(input.machine === 'target' ? MACHINE : [])],
  };
}

/** The end of a question that dig asks with these flags. */
interface Variant {
  readonly type: 'A' | 'AAAA';
  readonly options: readonly string[];
}

/**
 * The flags of a question are a part of what caches know it by (CoreDNS: plugin cache, DO and CD): whoever asks others in
 * turn asks them anew for each, and meets another one of several.
 */
export const VARIANTS: readonly Variant[] = [
  { type: 'A', options: ['+cdflag', '+noedns'] },
  { type: 'AAAA', options: ['+cdflag', '+noedns'] },
  { type: 'A', options: ['+dnssec'] },
  { type: 'A', options: ['+dnssec', '+cdflag'] },
];

export const AGAIN_SECONDS = 2;

/** Names that no search list completes: those of servers that may know different zones. */
export function namesAskedAgain(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.replace(/\.$/, '').includes('.'));
}

/** Domains at the top that the internet has for certain, by which a server that denies them is told. */
const TOPS: ReadonlySet<string> = new Set(
  'com net org info io dev app cloud eu de fr uk nl ch at it es pl se us ca br jp cn in au'.split(' '),
);

/** The domains at the top of the names, of those that are known to exist. */
export function topsOf(names: readonly string[]): readonly string[] {
  const last = names.flatMap((name) => {
    const labels = name.replace(/\.$/, '').toLowerCase().split('.');
    return labels.length > 1 ? [labels.at(-1) ?? ''] : [];
  });
  return [...new Set(last)].filter((top) => TOPS.has(top));
}

/** Whether the server knows the internet at all: each exists, whatever name below it does not. */
function topsAsked(names: readonly string[]): ProbeCommand[] {
  const tops = topsOf(names);
  if (tops.length === 0) return [];
  const questions = tops.flatMap((top) => ['-q', `${top}.`, '-t', 'NS']);
  const flags = ['+nocmd', '+noedns', '+ignore', '+notcp', `+time=${AGAIN_SECONDS}`, '+tries=1'];
  return [{ id: 'dns-tops', argv: ['dig', '-u', ...flags, ...questions], timeoutSeconds: 9 }];
}

/** The name of the target's own address, twice: what is lost once is no rule. */
function reverseAsked({ pod }: DnsInput): ProbeCommand[] {
  const [own] = pod.addresses;
  if (own === undefined) return [];
  const flags = ['+nocmd', '+noedns', '+ignore', '+notcp', `+time=${AGAIN_SECONDS}`, '+tries=1'];
  return [{ id: 'dns-reverse', argv: ['dig', '-u', ...flags, '-x', own, '-x', own], timeoutSeconds: 9 }];
}

/** Nobody has given it to a host. */
const STRANGER = 'nettools-no-such-name';

/** Names that look whole, and are tried with the search list all the same; a Service's is what that list is for. */
export function namesWithStrangers(names: readonly string[]): readonly string[] {
  return names.filter(
    (name) => !name.endsWith('.') && name.split('.').length > 2 && !/\.svc(\.|$)/i.test(name),
  );
}

/** A name below each of them: it exists where a domain of the search list answers any name, and nowhere else. */
function strangersAsked(names: readonly string[]): ProbeCommand[] {
  const asked = namesWithStrangers(names);
  if (asked.length === 0) return [];
  const questions = asked.flatMap((name) => ['-q', `${STRANGER}.${name}`, '-t', 'A']);
  const flags = ['+nocmd', '+noedns', '+ignore', '+notcp', '+search', `+time=${AGAIN_SECONDS}`, '+tries=1'];
  return [{ id: 'dns-strangers', argv: ['dig', '-u', ...flags, ...questions], timeoutSeconds: 9 }];
}

function askedAgain(names: readonly string[]): ProbeCommand[] {
  const again = namesAskedAgain(names);
  if (again.length === 0) return [];
  const questions = again.flatMap((name) =>
    VARIANTS.flatMap(({ type, options }) => ['-q', name.replace(/\.?$/, '.'), '-t', type, ...options]),
  );
  const flags = ['+nocmd', '+ignore', '+notcp', `+time=${AGAIN_SECONDS}`, '+tries=1'];
  return [{ id: 'dns-again', argv: ['dig', '-u', ...flags, ...questions], timeoutSeconds: 9 }];
}
