/** The Docker host's own network, as far as it decides about packets of containers. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import { parseBusiestTranslations } from '../../parsers/busiest-translations.ts';
import { type ConntrackEntry, parseConntrackList, parseConntrackProc } from '../../parsers/conntrack.ts';
import { parseForwarding } from '../../parsers/forwarding.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { parseRoutes, parseRules } from '../../parsers/ip-route.ts';
import { parseIptablesTables } from '../../parsers/iptables-tables.ts';
import { parseListeners } from '../../parsers/listeners.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parseProxied } from '../../parsers/proxied-neighbours.ts';
import { parseStrictInterfaces } from '../../parsers/rp-filter.ts';
import { parseTunnelWay, type TunnelWay } from '../../parsers/tunnel-way.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { longestMatch } from '../shared/lookup.ts';
import { cutReason, type Measured, noIpJson, notRun, read } from '../shared/measured.ts';
import { because, noTool } from '../shared/reason.ts';
import { type BookOutcome, nftBooks, type RuleBook, ruleBooks } from '../shared/rule-books.ts';
import { ruleSnapshots } from '../shared/rule-hits.ts';
import { type Side, type WalkedPacket, walk } from '../shared/walk.ts';
import type { DockerHost, DockerInput, DockerNetwork } from './facts.ts';
import { hostEvidence, NO_TABLE, tunnelsOf, tunnelWayId } from './host-plan.ts';

/** The table in which Docker keeps its rules where it writes them by nft (moby, libnetwork, nftabler). */
const ENGINES_TABLE = 'docker-bridges';

/** `undefined`: nobody looked there, and nobody meant to. */
export function dockerHost(evidence: Evidence, input: DockerInput): Measured<DockerHost> | undefined {
  const { unseenHost } = input;
  if (unseenHost !== undefined) return { skipped: because(unseenHost) };
  const results = hostEvidence(evidence);
  const iptables = results['iptables-after'];
  if (iptables === undefined) return undefined;
  const interfaces = read(results['addresses'], 'ip', parseInterfaces).value;
  if (!interfaces)
    return { skipped: notRun(results['addresses'], 'ip') ?? because('its addresses cannot be read') };
  const nft = results['nft-after'];
  const books = ruleBooks(results);
  const by6 = (['iptables', 'legacy'] as const).flatMap((name): RuleBook[] => {
    const result = results[`${name}6`];
    if (result?.status !== 'exited' || result.code !== 0) return [];
    const tables = read(result, 'ip6tables-save', parseIptablesTables).value;
    const source = name === 'legacy' ? 'iptables-legacy' : 'iptables-nft';
    return tables === undefined ? [] : [{ source, tables, before: new Map(), result }];
  });
  const books6 = [...by6, ...nftBooks(results, 'ip6')];
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
      strict: read(results['rp-filter'], 'grep', parseStrictInterfaces).value,
      rules: read(results['rules'], 'ip', parseRules).value,
      busiest: read(results['busiest'], 'sh', parseBusiestTranslations).value ?? [],
      insertFailed: insertFailedOf(results),
      tunnelWays: tunnelWaysOf(results, input),
      counters: counterSnapshots(results, 'counters', parseCounters),
      bindsAnyAddress: read(results['nonlocal-bind'], 'cat', (text) =>
        text.trim() === '' ? undefined : { isOn: text.includes('1') },
      ).value?.isOn,
      proxied: read(results['proxied'], 'sh', parseProxied).value ?? [],
      grown: ruleSnapshots(results).grown,
      datagrams: datagramsOf(results),
      results: {
        forwarding: results['forwarding'],
        listeners: results['listeners'],
        datagrams: results['datagrams-after'],
        rpFilter: results['rp-filter'],
        busiest: results['busiest'],
      },
    },
  };
}

function tunnelWaysOf(results: Evidence, { owner, networks }: DockerInput): DockerHost['tunnelWays'] {
  return new Map(
    tunnelsOf(owner?.networks ?? networks).map(({ peer }): [string, Measured<TunnelWay>] => [
      peer,
      read(results[tunnelWayId(peer)], 'sh', (text) => {
        const way = parseTunnelWay(text);
        if (way === 'no-ping') return noTool('ping of iputils');
        return way === 'no-answer' ? because(`${peer} answers no echo request`) : way;
      }),
    ]),
  );
}

function insertFailedOf(results: Evidence): number | undefined {
  const [before, after] = ['before', 'after'].map(
    (stage) => read(results[`conntrack-${stage}`], 'cat', parseConntrackProc).value?.['insert_failed'],
  );
  return before === undefined || after === undefined ? undefined : Math.max(0, after - before);
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

/** Whether the engine writes its rules by nft, or has written them so. */
export function isOfEngine({ base }: RuleBook): boolean {
  return base?.table === ENGINES_TABLE;
}

/** The lines of a table's rules that are asked for, of the book in which the engine keeps its own. */
export function engineLines(books: readonly RuleBook[], table: string, asked: RegExp): string[] {
  const own = books.filter(isOfEngine);
  const [first] = own.length > 0 ? [] : books;
  const all = own.length > 0 ? own : first ? [first] : [];
  const rules = all.flatMap(({ tables }) =>
    [...(tables.get(table)?.values() ?? [])].flatMap((chain) => chain.rules),
  );
  return [...new Set(rules.map(({ text }) => text))].filter((text) => asked.test(text));
}

/** The command whose output {@link engineLines} takes lines from. */
export function engineCommand(books: readonly RuleBook[]): readonly string[] {
  return (books.find(isOfEngine) ?? books[0])?.result.command ?? ['iptables-save', '-c'];
}

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

/** The ways in which a chain of each book may end a packet, a list for each. */
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

/** Where it is on, the rule for the host's own connections leaves those to 127.0.0.1 to it (libnetwork, setup_ip_tables). */
export function hasUserlandProxy({ books }: DockerHost): boolean {
  return books.some(({ tables }) =>
    tables
      .get('nat')
      ?.get('OUTPUT')
      ?.rules.some(
        ({ target, matches }) =>
          (target === 'DOCKER' || target === 'nat-prerouting-and-output') &&
          matches.some(
            ({ option, negated, values }) => option === '-d' && negated && values[0] === '127.0.0.0/8',
          ),
      ),
  );
}
