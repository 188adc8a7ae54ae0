/** Whether the host lets packets of the target pass, and the rule that does not. Pure. */

import { type Advice, advice, verbatim } from '../../model/advice.ts';
import type { PublishedPort } from '../../model/docker-ports.ts';
import type { Quote } from '../../model/report.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';
import { nextHop } from '../../parsers/reach.ts';
import { fits } from '../shared/packet.ts';
import { deletionOf } from '../shared/remove-rule.ts';
import {
  type BookOutcome,
  chainName,
  countedBefore,
  deletionOn,
  isStop,
  stopOf,
} from '../shared/rule-books.ts';
import { hostText, ON_HOST } from './engine-words.ts';
import type { DockerFacts, DockerHost, DockerInput, HostLink, Tried } from './facts.ts';
import { isOfEngine, outside, walks, wayTo } from './host.ts';
import { writeAllAgain } from './rewrite.ts';

/** A rule of the host, or the policy of a chain, that stops packets. */
export interface Stop {
  /** As its tool takes it. */
  readonly text: string;
  readonly tool: 'iptables' | 'iptables-legacy' | 'nft';
  /** The command that takes it away; absent for a policy. */
  readonly undo: readonly string[] | undefined;
  readonly chain: string;
  readonly isPolicy: boolean;
  /** Docker wrote it, to keep networks and what is not published apart. */
  readonly isIsolation: boolean;
  /** It counts nothing. */
  readonly isUncounted: boolean;
  /** What it stops was meant for the host itself. */
  readonly isToHost: boolean;
  /** What it has counted; `packets` of them from before the probes to after them. */
  readonly total: number;
  readonly packets: number;
  readonly command: readonly string[];
}

const TOOLS = { 'iptables-nft': 'iptables', 'iptables-legacy': 'iptables-legacy', nft: 'nft' } as const;

function stop(outcome: BookOutcome | undefined, isToHost = false): Stop | undefined {
  if (!outcome) return undefined;
  const { text, book, isPolicy } = outcome;
  const { base } = book;
  const name = chainName(outcome);
  return {
    ...{ text, isPolicy, isToHost, tool: TOOLS[book.source] },
    chain: base === undefined ? name : `${name} of nft table ${base.family} ${base.table}`,
    isIsolation: isIsolation(outcome),
    isUncounted: outcome.isUncounted === true || (isPolicy && base !== undefined),
    undo: deletionOn(outcome),
    total: outcome.packets,
    packets: outcome.packets - countedBefore(outcome),
    command: book.result.command,
  };
}

/**
 * Docker's rules between networks: DOCKER-ISOLATION-STAGE-1 and -2, since version 28 also what ends DOCKER for a bridge, and
 * raw PREROUTING for a container's address; by nft, all that drops in its own table.
 */
function isIsolation({ book, chain, table, matches, isPolicy }: BookOutcome): boolean {
  if (isPolicy) return false;
  if (isOfEngine(book)) return true;
  const asks = (option: string, negated: boolean): boolean =>
    matches.some((one) => one.option === option && one.negated === negated);
  if (chain.startsWith('DOCKER-ISOLATION') || chain === 'DOCKER-INTERNAL') return true;
  if (chain === 'DOCKER' && table === 'filter') return asks('-i', true) && asks('-o', false);
  return table === 'raw' && asks('-d', false) && asks('-i', true);
}

/** What stops everything that leaves a network of the target for the world outside. */
export function outgoingStop(host: DockerHost, { bridge, address }: HostLink): Stop | undefined {
  const packet = { in: { is: bridge }, out: outside(host), source: address };
  return stop(stopOf(walks(host, 'filter', 'FORWARD', packet)));
}

/** What stops a connection to a published port that comes from another machine, whoever opens it. */
export function incomingWays(
  host: DockerHost,
  { bridge, address }: HostLink,
  port: PublishedPort,
): BookOutcome[][] {
  return walks(host, 'filter', 'FORWARD', {
    in: outside(host),
    out: { is: bridge },
    destination: address,
    port: port.port,
    protocol: port.protocol,
    originalPort: port.hostPort,
  });
}

export function incomingStop(host: DockerHost, link: HostLink, port: PublishedPort): Stop | undefined {
  return stop(stopOf(incomingWays(host, link, port)));
}

/** What stops whatever another machine sends to the container's own address, before any other rule is asked. */
export function directStop(host: DockerHost, { address }: HostLink): Stop | undefined {
  const packet = { in: outside(host), destination: address };
  return stop(stopOf(walks(host, 'raw', 'PREROUTING', packet)));
}

/** Whether a connection was made. */
export function isReached({ reach }: Tried): boolean {
  const last = reach.value?.tries.at(-1)?.outcome;
  return last === 'connected' || last === 'answered';
}

/** Whether some DEST beyond the host was reached: then packets get out and back, whatever rules seem to say. */
export function reachesOutside({ host, tried }: DockerFacts): boolean {
  if (!host) return false;
  const way = JSON.stringify(outside(host));
  return tried.some((one) => isReached(one) && JSON.stringify(wayTo(host, one.address)) === way);
}

/** The network by which the target sends to a DEST. */
export function linkTo({ links }: DockerFacts, { reach, address }: Tried): HostLink | undefined {
  const source = nextHop(reach.value?.routes ?? [])?.source;
  return links.find((link) => link.address === source) ?? links.find((link) => isOn(link, address));
}

/** Whether an address belongs to a network of the target. */
export function isOn({ network }: HostLink, address: string): boolean {
  return isIn(network.subnets, address);
}

export function isIn(subnets: readonly string[], address: string): boolean {
  const known = parsePrefix(address);
  return subnets.some((subnet) => {
    const prefix = parsePrefix(subnet);
    return prefix !== undefined && known !== undefined && contains(prefix, known);
  });
}

/** What stops a connection to a DEST. */
export interface WayStop extends Stop {
  /** Where it was going: DEST's address, or the one that a published port's rule put in its place. */
  readonly destination: string;
}

/** What stops a connection to a DEST that did not come about. */
export function stopOnWay(facts: DockerFacts, tried: Tried): WayStop | undefined {
  const { host } = facts;
  const link = linkTo(facts, tried);
  const { protocol } = tried.destination;
  if (!host || !link || tried.reach.value === undefined || isReached(tried)) return undefined;
  const from = { in: { is: link.bridge }, source: link.address, protocol };
  const first = { destination: tried.address, port: tried.port };
  const isToHost = wayTo(host, tried.address) === 'host';
  const raw = isToHost ? undefined : stopOf(walks(host, 'raw', 'PREROUTING', { ...from, ...first }));
  // Of a container, since Docker 28; the rest of the way is never asked then.
  if (raw && !hasError(tried)) return { ...stop(raw), destination: tried.address } as WayStop;
  const translated = walks(host, 'nat', 'PREROUTING', { ...from, ...first, isToHost })
    .filter((way) => way.length === 1)
    .flatMap((way) => placeOf(way[0]?.to) ?? [])[0];
  const place = translated ?? first;
  const way = wayTo(host, place.destination);
  const packet = { ...from, ...place, originalPort: tried.port };
  const isInput = way === 'host';
  const all = isInput
    ? walks(host, 'filter', 'INPUT', { ...packet, isToHost: true })
    : walks(host, 'filter', 'FORWARD', { ...packet, out: way });
  // What one bridge joins passes the host's rules only where br_netfilter is loaded: the counter tells.
  const certain = isInput || !isOn(link, place.destination) ? stopOf(all) : undefined;
  // An error that came at once is no drop's doing.
  const isAnswered = hasError(tried);
  const fitsError = ({ verdict }: BookOutcome): boolean => !isAnswered || verdict === 'reject';
  const found = (one: Stop | undefined): WayStop | undefined =>
    one && { ...one, destination: place.destination };
  if (certain && fitsError(certain)) return found(stop(certain, isInput));
  const counted = (): Stop | undefined =>
    all
      .flat()
      .filter((outcome) => isStop(outcome) && fitsError(outcome))
      .flatMap((outcome) => stop(outcome, isInput) ?? [])
      .find(({ packets }) => packets > 0);
  const fields = { protocol, saddr: link.address, daddr: place.destination, dport: place.port };
  const byNft = isAnswered ? undefined : nftStop(host, isInput ? 'input' : 'forward', fields);
  return found(counted() ?? byNft);
}

/** Whether connecting failed by an error, and not for want of an answer. */
function hasError({ reach }: Tried): boolean {
  const last = reach.value?.tries.at(-1);
  return last?.outcome === 'failed' && !/timed out/i.test(last.error ?? '');
}

/** The rule of Docker's own isolation of networks that stopped the connection to a DEST. */
export function isolationOf(facts: DockerFacts, label: string): WayStop | undefined {
  const tried = facts.tried.find(({ destination }) => destination.label === label);
  const found = tried && stopOnWay(facts, tried);
  return found?.isIsolation === true ? found : undefined;
}

/** A rule that nft alone shows, and that counted packets which may have been these. */
function nftStop(host: DockerHost, hook: string, fields: Parameters<typeof fits>[1]): Stop | undefined {
  const hit = host.grown.find(
    ({ rule }) =>
      rule.source === 'nft' &&
      rule.family !== 'ip6' &&
      rule.family !== 'arp' &&
      (rule.hook === hook || rule.hook === 'prerouting') &&
      fits(rule.matches, fields),
  );
  return (
    hit && {
      text: hit.rule.text,
      tool: 'nft',
      chain: hit.rule.chain,
      isIsolation: hit.rule.table === 'docker-bridges',
      isUncounted: false,
      undo: deletionOf(hit.rule),
      isPolicy: false,
      isToHost: hook === 'input',
      total: hit.rule.packets ?? hit.packets,
      packets: hit.packets,
      command: hit.result?.command ?? ['nft', 'list', 'ruleset'],
    }
  );
}

/** `172.17.0.2:80` */
function placeOf(
  to: string | undefined,
): { readonly destination: string; readonly port: number } | undefined {
  const [, destination, port] = /^([\d.]+):(\d+)$/.exec(to ?? '') ?? [];
  return destination === undefined ? undefined : { destination, port: Number(port) };
}

/** `iptables -t filter -A FORWARD -j DROP (5 packets during the run)`; a policy in words. */
export function stopText({ text, tool, chain, isPolicy, isUncounted, packets, total }: Stop): string {
  const counted = packets > 0 ? packets : total;
  const when = packets > 0 ? 'during the run' : 'so far';
  const what = isPolicy
    ? `no rule accepts it, and the policy of ${tool === 'nft' ? `chain ${chain} is drop` : `the ${chain} chain is DROP`}`
    : `${tool} ${text}`;
  if (isUncounted) return what;
  return `${what} (${counted} ${counted === 1 ? 'packet' : 'packets'} ${when})`;
}

export function quoteStop({ command, text, total, packets, isUncounted }: Stop): Quote {
  if (isUncounted) return onHost(command, text);
  return onHost(command, `${text}\n${total} packets, ${packets} of them during the run`);
}

/** A quote from the host, marked as such. */
export function onHost(command: readonly string[], excerpt: string): Quote {
  return { command: [ON_HOST, ...command], excerpt };
}

/** What to do about a rule of the host. */
export function remedyOf({ text, tool, chain, undo, isPolicy, isToHost }: Stop, input: DockerInput): Advice {
  if (isToHost) {
    const which = isPolicy
      ? `No rule before the policy of ${chain} accepts these packets`
      : `The rule is ${text}`;
    return `What containers send to an address of the host itself passes the host's INPUT chain. ${which}: allow them there from the network's subnet (ufw allow from SUBNET; firewalld: put the bridge into a zone that accepts it).`;
  }
  if (tool === 'nft' && isPolicy) {
    return `In nftables each table decides for itself: what Docker's rules accept, the policy of chain ${chain} drops all the same. Where that table is defined (often /etc/nftables.conf), accept there what comes from the bridge of the network (iifname), what goes to its published ports (oifname), and what answers (ct state established,related).`;
  }
  if (undo === undefined) return writeAllAgain(input, chain);
  return advice`On ${hostText(input)}, delete the rule to test this, then change it where it is defined.\n${verbatim`${undo}`}`;
}
