import type { ProbeResult } from '../../../model/evidence.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { contains, parsePrefix, sameAddress } from '../../../parsers/ip-prefix.ts';
import type { WaitingSocket } from '../../../parsers/waiting-sockets.ts';
import { linesOf, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerPlace, NameAddresses, SocketsFacts } from '../facts.ts';

const meta = {
  id: 'NT-SOCK-008',
  title: "The target waits for an address that is nobody's, or no longer the name's",
  severities: ['warning'],
  meaning:
    'A program of the target tries to connect to an address that no container has any more, or that the name of DEST no longer has, and gets no answer. It has looked the name up once and keeps what it heard (nginx for a name in its configuration, the JVM with networkaddress.cache.ttl, connection pools), while the container or pod behind the name was made anew with another address. Asked by hand, the name resolves and the port answers.',
  rule: "Not of the run's own: a TCP socket in SYN-SENT to an address in the subnet of a bridge network of the container that no container has. Or, at two of three looks (at the beginning of the run, a second later, at its end), to the port of a DEST that is a name, at an address that is none of those that the name has on the target, and without an answer for a second: one socket is in the first look and in a later one, or its SYN was sent again.",
  source:
    'ours; RFC 1035 (TTL); nginx documentation, "resolver"; Java networking properties, networkaddress.cache.ttl',
  remedy:
    'Restart the program, which looks the name up anew, and let it do so by itself: in nginx a resolver and a variable in proxy_pass, in Java networkaddress.cache.ttl, in others a limit for how long a connection or an address is kept. A Service with a cluster IP, or a fixed address (docker run --ip), does not change.',
} as const;

function at({ address, port }: WaitingSocket): string {
  return socketAddress(address, port);
}

function isIn(subnets: readonly string[], address: string): boolean {
  const known = parsePrefix(address);
  return subnets.some((subnet) => {
    const prefix = parsePrefix(subnet);
    return prefix !== undefined && known !== undefined && contains(prefix, known);
  });
}

/** The lines of these sockets. */
function quoteSockets(
  results: readonly (ProbeResult | undefined)[],
  socket: WaitingSocket,
): ReturnType<typeof quote> {
  const pattern = new RegExp(`\\s${at(socket).replace(/[.[\]]/g, '\\$&')}(?=\\s|$)`);
  const result = results.find((one) => linesOf(one).some((line) => pattern.test(line)));
  return quote(result, pattern, 2);
}

function nobodys(network: DockerPlace, facts: SocketsFacts): Occurrence[] {
  const { before, after } = facts.waiting;
  const lost = [...(before ?? []), ...(after ?? [])].filter(
    ({ address }) =>
      isIn(network.subnets, address) && !network.taken.some((one) => sameAddress(one, address)),
  );
  const [first] = lost;
  if (first === undefined) return [];
  const places = [...new Set(lost.map(at))];
  const names = facts.names
    .filter(({ port, addresses }) => port === first.port && addresses.length > 0)
    .map(({ name, addresses }) => `; ${name} is ${addresses.join(' and ')}`);
  return [
    occurrence(
      meta,
      'warning',
      `A program of the target waits for ${places.slice(0, 3).join(', ')} in its network ${network.name}, and no container has that address${names.join('')}: it keeps an old address of a name.`,
      quoteSockets([facts.results.waitingAfter, facts.results.waitingBefore], first),
    ),
  ];
}

/**
 * Whether its address gives no answer, and is not only one to which a busy program often connects: it waits there at two
 * of the looks, and no answer came within a second. One of them is the first or the last, in which the run's own are not.
 */
function isUnanswered({ address, port }: WaitingSocket, { waiting }: SocketsFacts): boolean {
  const there = (look: readonly WaitingSocket[] = []): readonly WaitingSocket[] =>
    look.filter((one) => one.port === port && sameAddress(one.address, address));
  const [before, during, after] = [there(waiting.before), there(waiting.during), there(waiting.after)];
  const looks = [before, during, after].filter((look) => look.length > 0);
  const isSame = before.some(({ local }) => [...during, ...after].some((later) => later.local === local));
  return looks.length >= 2 && (isSame || [...before, ...after].some(({ sentAgain }) => sentAgain > 0));
}

function otherThan(
  { label, name, port, addresses, result }: NameAddresses,
  facts: SocketsFacts,
): Occurrence[] {
  const { before, after } = facts.waiting;
  if (addresses.length === 0 || before === undefined || after === undefined) return [];
  const family = (address: string): boolean => address.includes(':');
  const lasting = [...after, ...before].filter(
    (one) =>
      one.port === port &&
      addresses.some((own) => family(own) === family(one.address)) &&
      !addresses.some((own) => sameAddress(own, one.address)) &&
      isUnanswered(one, facts),
  );
  const [first] = lasting;
  if (first === undefined) return [];
  const places = [...new Set(lasting.map(at))];
  return [
    occurrence(
      meta,
      'warning',
      `A program of the target waits for ${places.slice(0, 3).join(', ')} at more than one look, and ${name} is ${addresses.join(' and ')}: if it means ${name}, it keeps an address that the name no longer has.`,
      [
        ...quoteSockets([facts.results.waitingAfter, facts.results.waitingBefore], first),
        ...quote(result, /STREAM|^\S+\s*$/, 2),
      ],
      { subject: label },
    ),
  ];
}

export const oldAddress: Rule<SocketsFacts> = {
  meta,
  judge: (facts) => {
    const places = (facts.input.networks ?? []).flatMap((network) => nobodys(network, facts));
    return places.length > 0 ? places : facts.names.flatMap((name) => otherThan(name, facts));
  },
};
