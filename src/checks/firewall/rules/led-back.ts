import { advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { parsePrefix } from '../../../parsers/ip-prefix.ts';
import { inTable, longestMatch } from '../../shared/lookup.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type BookOutcome, isStop, stopOf } from '../../shared/rule-books.ts';
import { type WalkedPacket, walk } from '../../shared/walk.ts';
import type { FirewallFacts, Machine, PathFacts } from '../facts.ts';
import { deviceTo } from '../machine.ts';
import { nameOf, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-DKR-038',
  title: 'The machine leads a connection back to where it came from, and does not translate its source',
  severities: ['critical'],
  meaning:
    "A rule of the machine forwards a port of its own address to a container (DNAT), as port forwarding by hand does for LXC, LXD, libvirt and network namespaces. For clients elsewhere that is enough. For a container of the same bridge it is not: the server sees the client's own address, which is its neighbour, and answers it straight, from an address that the client has not asked; and the server's own connections come back to itself from its own address, which its kernel drops. Docker and Kubernetes translate the source as well in this case.",
  rule: 'The target is a network namespace of the machine that runs the tool, which is its router; a connection of IPv4 gets no answer; in nat PREROUTING of the machine a rule leads it for certain to another address (DNAT), which is the target itself or is reached by the very interface that the target is behind; and no rule of nat POSTROUTING translates its source on the way there, nor does one of FORWARD stop it for certain.',
  source:
    'iptables-extensions(8): DNAT, MASQUERADE; Linux: net/bridge/br_forward.c (hairpin_mode); canonical/lxd#2976; moby/libnetwork#1104; lxc/lxc#4071',
  remedy:
    'Ask for the container by its own address or name. Or let the machine translate what it leads back: a rule in nat POSTROUTING that masquerades what comes from the network of the bridge and goes to it; for the server itself the port of the bridge also needs hairpin mode.',
  explains: { depth: 706, subject: ['NT-FW', 'NT-LAT', 'NT-TLS', 'NT-HTTP'] },
} as const;

interface Detour {
  /** The address and port that it is led to. */
  readonly to: string;
  readonly port: string | undefined;
  readonly source: string;
  readonly device: string;
  readonly outcome: BookOutcome;
}

/** The end of a walk through a chain of nat that is taken for certain, in the book that takes it first. */
function translation(
  { books }: Machine,
  chain: 'PREROUTING' | 'POSTROUTING',
  packet: WalkedPacket,
): BookOutcome | 'perhaps' | undefined {
  for (const book of books) {
    const ways = walk(book.tables, 'nat', chain, packet);
    const [first] = ways;
    if (first === undefined || first.isPolicy || first.verdict === 'accept') continue;
    return ways.length === 1 && first.verdict === 'translate' ? { ...first, book, table: 'nat' } : 'perhaps';
  }
  return undefined;
}

/** Whether it ends at a rule of FORWARD for certain (as at Docker's policy, of bridges that are not Docker's): its source is no matter then. */
function isDropped({ books }: Machine, packet: WalkedPacket): boolean {
  const ways = books.map((book) =>
    walk(book.tables, 'filter', 'FORWARD', packet).map((one) => ({ ...one, book, table: 'filter' })),
  );
  const outcome = stopOf(ways);
  return outcome !== undefined && isStop(outcome);
}

function detourOf(machine: Machine, path: PathFacts): Detour | undefined {
  const { cause, hop, address, port, destination } = path;
  const source = hop?.source;
  const device = deviceTo(machine, path);
  if (cause.kind !== 'dropped' || source === undefined || device === undefined) return undefined;
  if (parsePrefix(address)?.family !== 'inet') return undefined;
  const isToHost = machine.interfaces.some(({ addresses }) =>
    addresses.some((one) => one.address === address),
  );
  const flow = { protocol: destination.protocol, source, port };
  const coming = { ...flow, in: { is: device }, destination: address, isToHost };
  const outcome = translation(machine, 'PREROUTING', coming);
  if (outcome === undefined || outcome === 'perhaps' || outcome.to === undefined) return undefined;
  const [to = '', led] = outcome.to.split(':');
  const target = parsePrefix(to);
  if (target === undefined || to === address) return undefined;
  const route = longestMatch(target, inTable(machine.routes, 'main'));
  if (route?.devices[0] !== device || route.gateways.length > 0) return undefined;
  const leaving = { ...flow, destination: to, out: { is: device }, ...(led ? { port: Number(led) } : {}) };
  if (translation(machine, 'POSTROUTING', leaving) !== undefined) return undefined;
  if (isDropped(machine, { ...leaving, in: { is: device }, isToHost: false })) return undefined;
  return { to, port: led, source, device, outcome };
}

function judge(path: PathFacts, { machine }: FirewallFacts): Occurrence[] {
  const detour = machine && detourOf(machine, path);
  if (!detour) return [];
  const { to, port, source, device, outcome } = detour;
  const place = port === undefined ? to : `${to}:${port}`;
  const happens =
    to === source
      ? `to the target itself (${place}), which drops what comes to it from its own address`
      : `to ${place}, behind ${device} as the target is, which answers the target straight, from an address that was not asked`;
  const hairpin =
    to === source
      ? advice`\nand let the bridge send a packet back by the port that it came from (PORT is the machine's end of the target's interface):\n${verbatim`bridge link set dev PORT hairpin on`}`
      : '';
  return [
    occurrence(
      meta,
      'critical',
      `This machine leads what the target sends to ${nameOf(path)} ${happens} (${seen(path)}): it translates the destination alone, and no rule of its nat POSTROUTING the source.`,
      [
        { command: ['[this machine]', ...outcome.book.result.command], excerpt: outcome.text },
        ...quoteReach(path),
      ],
      {
        subject: path.destination.label,
        remediation: advice`Ask for ${place} itself. Or let this machine translate what it leads back:\n${verbatim`iptables -t nat -A POSTROUTING -s ${source} -d ${to} -o ${device} -j MASQUERADE`}${hairpin}`,
      },
    ),
  ];
}

export const ledBack: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
