/** The Docker host's own network, as far as it decides about packets of containers. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import { type ConntrackEntry, parseConntrackList } from '../../parsers/conntrack.ts';
import { parseForwarding } from '../../parsers/forwarding.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { parseRoutes } from '../../parsers/ip-route.ts';
import { parseIptablesTables } from '../../parsers/iptables-tables.ts';
import { parseListeners } from '../../parsers/listeners.ts';
import { longestMatch } from '../shared/lookup.ts';
import { cutReason, type Measured, noIpJson, notRun, read, seenOf } from '../shared/measured.ts';
import { because } from '../shared/reason.ts';
import { deletionOf } from '../shared/remove-rule.ts';
import { ruleSnapshots } from '../shared/rule-hits.ts';
import { type Outcome, type Side, type WalkedPacket, walk } from '../shared/walk.ts';
import type { DockerHost, DockerInput, DockerNetwork, RuleBook } from './facts.ts';
import { hostEvidence, NO_TABLE } from './host-plan.ts';

/** Tables in which engines keep their rules where they write them by nft: Docker (libnetwork, nftabler), podman (netavark). */
const NFT_OF_ENGINES = /"table": ?\{[^{}]*"name": ?"(docker-bridges|netavark)"/;

/** `undefined`: nobody looked there, and nobody meant to. */
export function dockerHost(
  evidence: Evidence,
  { unseenHost }: DockerInput,
): Measured<DockerHost> | undefined {
  if (unseenHost !== undefined) return { skipped: because(unseenHost) };
  const results = hostEvidence(evidence);
  const iptables = results['iptables-after'];
  if (iptables === undefined) return undefined;
  const interfaces = read(results['addresses'], 'ip', parseInterfaces).value;
  if (!interfaces)
    return { skipped: notRun(results['addresses'], 'ip') ?? because('its addresses cannot be read') };
  const nft = results['nft-after'];
  const nftText = read(nft, 'nft', asText);
  if (NFT_OF_ENGINES.test(seenOf(nftText)?.text ?? ''))
    return { skipped: because('the engine keeps its rules in nftables, which is not supported yet') };
  const books = (['iptables', 'legacy'] as const).flatMap((name): RuleBook[] => {
    const result = results[`${name}-after`];
    if (result?.status !== 'exited' || result.code !== 0) return [];
    const tables = read(result, 'iptables-save', parseIptablesTables).value;
    if (tables === undefined) return [];
    const before = read(results[`${name}-before`], 'iptables-save', parseIptablesTables).value;
    const source = name === 'legacy' ? 'iptables-legacy' : 'iptables-nft';
    // Unknown, as what was made in between: it has counted nothing.
    return [{ source, tables, before: before ?? new Map(), result }];
  });
  const books6 = (['iptables', 'legacy'] as const).flatMap((name): RuleBook[] => {
    const result = results[`${name}6`];
    if (result?.status !== 'exited' || result.code !== 0) return [];
    const tables = read(result, 'ip6tables-save', parseIptablesTables).value;
    const source = name === 'legacy' ? 'iptables-legacy' : 'iptables-nft';
    return tables === undefined ? [] : [{ source, tables, before: new Map(), result }];
  });
  const cut = [iptables, results['legacy-after'], nft].flatMap((r) => (r && cutReason(r)) ?? [])[0];
  if (cut !== undefined) return { skipped: because(cut) };
  if (books.length === 0) return { skipped: unreadable(iptables) };
  const routes = read(results['routes'], 'ip', parseRoutes);
  if (routes.value === undefined) return { skipped: noIpJson(results['routes']) };
  return {
    value: {
      books,
      books6,
      interfaces,
      routes: routes.value,
      listeners: read(results['listeners'], 'ss', (text, { code }) =>
        code === 0 ? parseListeners(text) : undefined,
      ).value,
      forwarding: read(results['forwarding'], 'grep', parseForwarding).value,
      grown: ruleSnapshots(results).grown,
      translatesByNft: translatesByNft(nftText.value?.text ?? '', [
        ...books.slice(0, 1),
        ...books6.slice(0, 1),
      ]),
      datagrams: datagramsOf(results),
      results: {
        forwarding: results['forwarding'],
        listeners: results['listeners'],
        datagrams: results['datagrams-after'],
      },
    },
  };
}

/** None where no port is published by UDP: nobody asked. */
function datagramsOf(results: Evidence): DockerHost['datagrams'] {
  if (results['datagrams-before'] === undefined && results['datagrams-after'] === undefined)
    return { value: [] };
  const list = (stage: string): Measured<ConntrackEntry[]> =>
    read(results[`datagrams-${stage}`], 'sh', (text) =>
      text.includes(NO_TABLE)
        ? because("the host's connection table cannot be listed")
        : parseConntrackList(text),
    );
  const [before, after] = [list('before'), list('after')];
  if (before.value === undefined || after.value === undefined)
    return { skipped: after.skipped ?? before.skipped ?? because('it was not listed') };
  const timeouts = new Map(before.value.map((entry) => [flowOf(entry), entry.timeout]));
  // Seconds have passed in between: what has as much time left as before was given it anew.
  return { value: after.value.filter((entry) => entry.timeout >= (timeouts.get(flowOf(entry)) ?? Infinity)) };
}

function flowOf({ original, reply }: ConntrackEntry): string {
  return JSON.stringify([original, reply]);
}

function unreadable(result: ProbeResult): Reason {
  return notRun(result, 'iptables-save') ?? because("the host's rules cannot be read from here");
}

/** iptables' own rules are in nft's list too; where there are more that translate, the others are nft's. */
function translatesByNft(nft: string, books: readonly RuleBook[]): boolean {
  const shown = nft.match(/"(masquerade|snat)":|"name": ?"(MASQUERADE|SNAT)"/g)?.length ?? 0;
  const rules = books.flatMap(({ tables }) =>
    [...tables.values()].flatMap((table) => [...table.values()].flatMap((chain) => chain.rules)),
  );
  return shown > rules.filter(({ target }) => target === 'MASQUERADE' || target === 'SNAT').length;
}

const asText = (text: string): { readonly text: string } => ({ text });

/** The host's end of a network: the interface that has the network's gateway. */
export function bridgeOf({ interfaces }: DockerHost, { gateway }: DockerNetwork): string | undefined {
  if (gateway === '') return undefined;
  return interfaces.find(({ addresses }) => addresses.some(({ address }) => address === gateway))?.name;
}

/** Where packets that leave the host go out, and others come in. */
export function outside({ interfaces, routes }: DockerHost): Side {
  const all = parsePrefix('0.0.0.0/0');
  const main = routes.filter(
    ({ table, family, type }) => table === 'main' && family === 'inet' && type === 'unicast',
  );
  const [device] = main.find(({ destination }) => all && destination.length === 0)?.devices ?? [];
  if (device !== undefined) return { is: device };
  return {
    isNot: interfaces.filter(({ kind, name }) => kind === 'bridge' || name === 'lo').map(({ name }) => name),
  };
}

/** Where a packet to this address goes: to the host itself, or out through an interface. */
export function wayTo(host: DockerHost, address: string): 'host' | Side {
  const known = parsePrefix(address);
  if (!known) return outside(host);
  const isOwn = host.interfaces.some(({ addresses }) => addresses.some((one) => one.address === address));
  if (isOwn) return 'host';
  const main = host.routes.filter(({ table, type }) => table === 'main' && type === 'unicast');
  const [device] = longestMatch(known, main)?.devices ?? [];
  return device === undefined ? outside(host) : { is: device };
}

/** How a walk may end, and where that stands. */
export interface BookOutcome extends Outcome {
  readonly book: RuleBook;
  readonly table: string;
}

/** The ways in which a chain of each kind of iptables may end a packet, a list for each. */
export function walks(
  { books }: DockerHost,
  table: 'filter' | 'nat' | 'raw',
  chain: string,
  packet: WalkedPacket,
): BookOutcome[][] {
  return books.map((book) =>
    walk(book.tables, table, chain, packet).map((outcome) => ({ ...outcome, book, table })),
  );
}

export function isStop({ verdict }: Outcome): boolean {
  return verdict === 'drop' || verdict === 'reject';
}

/** The rule that stops the packet for certain; `undefined`: it passes, or may pass. */
export function stopOf(ways: readonly (readonly BookOutcome[])[]): BookOutcome | undefined {
  const stopped = ways.find((way) => way.length > 0 && way.every(isStop));
  return stopped?.[0];
}

/** Where it is on, the rule for the host's own connections leaves those to 127.0.0.1 to it (libnetwork, setup_ip_tables). */
export function hasUserlandProxy({ books }: DockerHost): boolean {
  return books.some(({ tables }) =>
    tables
      .get('nat')
      ?.get('OUTPUT')
      ?.rules.some(
        ({ target, matches }) =>
          target === 'DOCKER' &&
          matches.some(
            ({ option, negated, values }) => option === '-d' && negated && values[0] === '127.0.0.0/8',
          ),
      ),
  );
}

/** The command that takes a rule away; `undefined` for a policy. */
export function deletionOn({ book, table, chain, text }: BookOutcome): string[] | undefined {
  return deletionOf({ source: book.source, family: 'ip', table, chain, text });
}
