import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { meta } from '../../shared/metas/silent-neighbour.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { nameOf, routeOf, type Way } from '../../shared/way.ts';
import { type ArpFacts, carries, type Hop, isUnanswered, wasHeard } from '../facts.ts';
import { linkNote, quoteHop, quoteUsers } from '../quote-hop.ts';
import { type UserNetwork, userNetwork } from '../user-network.ts';

/** A little under the first request's second. */
const ASKING_MS = 900;

function unanswered(facts: ArpFacts, hop: Hop): Occurrence[] {
  if (hop.isGateway || !isUnanswered(hop)) return [];
  if (wasHeard(hop)) {
    return hop.users.map((user) =>
      occurrence(
        meta,
        'info',
        `The neighbour entry of ${user.label}${user.label.includes(hop.address) ? '' : ` (${hop.address})`} on ${hop.device} was ${hop.entry?.state} when it was read, though it answered in the run: seen once, measure again.`,
        quoteHop(facts, hop),
        { subject: user.label },
      ),
    );
  }
  const network = userNetwork(facts, hop);
  return hop.users.map((user) => {
    const peer = user.role === 'peer';
    if (network !== undefined && !peer) return hidden(facts, hop, { user: user.label, network });
    return occurrence(
      meta,
      peer ? 'warning' : 'critical',
      `${user.label}${user.label.includes(hop.address) ? '' : ` (${hop.address})`} does not answer on ${hop.device}: its neighbour entry is ${hop.entry?.state} after it was provoked${peer ? ', while the API says that the pod is ready' : ''}${linkNote(facts, hop)}${parentNote(facts, hop)}.`,
      [...quoteHop(facts, hop), ...quoteUsers(hop)],
      { subject: user.label },
    );
  });
}

function hidden(
  facts: ArpFacts,
  hop: Hop,
  { user, network: { host, range } }: { readonly user: string; readonly network: UserNetwork },
): Occurrence {
  return occurrence(
    meta,
    'critical',
    `${user}${user.includes(hop.address) ? '' : ` (${hop.address})`} is hidden by the range of ${hop.device} (${range}), which is a user-mode network (slirp4netns, podman, QEMU): nobody can be on that link but the program itself (${host.address} is ${host.mac}), so a host that has the address elsewhere is not looked for there (its neighbour entry is ${hop.entry?.state} after it was provoked).`,
    [
      ...quoteHop(facts, hop),
      ...(facts.results.neighbours
        ? [
            {
              command: facts.results.neighbours.command,
              excerpt: `${host.address} dev ${hop.device} lladdr ${host.mac}`,
            },
          ]
        : []),
      ...quoteUsers(hop),
    ],
    {
      subject: user,
      remediation: `Give the user-mode network a range that no host has which is to be reached: podman run --network slirp4netns:cidr=RANGE (for all containers network_cmd_options = ["cidr=RANGE"] in containers.conf), slirp4netns --cidr=RANGE, QEMU -netdev user,net=RANGE. A route by ${host.address} is no way around: the program takes every address of that range for the machine it runs on.`,
    },
  );
}

/** What is plugged onto an interface of the host does not hear the host by it, whatever the host listens on. */
function parentNote({ interfaces }: ArpFacts, { device }: Hop): string {
  const kind = interfaces?.find((one) => one.name === device)?.kind;
  return kind === 'macvlan' || kind === 'ipvlan'
    ? `; ${device} is a ${kind} interface: if the address is that of the target's own host or node, this is why, since a ${kind} interface and its parent do not hear each other (an interface of the same kind on the host, or another network of the target, leads there)`
    : '';
}

function wrongEntry(facts: ArpFacts, hop: Hop): Occurrence[] {
  const { entry, answers } = hop;
  if (entry?.state !== 'PERMANENT' || entry.mac === undefined || !answers) return [];
  if (answers.macs.length === 0 || answers.macs.includes(entry.mac)) return [];
  const telling = hop.users.filter((user) => !user.virtual);
  const silent = telling.filter((user) => user.answered === false);
  if (telling.some((user) => user.answered) || silent.length === 0) return [];
  // A gateway may ignore what is meant for itself; then only what is behind it tells.
  const certain = silent.some((user) => user.role !== 'gateway') || !carries(hop);
  const through = silent.map((user) => user.label);
  return [
    occurrence(
      meta,
      certain ? 'critical' : 'warning',
      `The PERMANENT entry of ${hop.address} on ${hop.device} says ${entry.mac}, but ${answers.macs.join(' and ')} answers for it, and nothing comes back from ${through.join(', ')}.`,
      [...quoteHop(facts, hop), ...quoteUsers(hop)],
      {
        ...(hop.isGateway ? {} : { subject: hop.users[0]?.label ?? hop.address }),
        remediation: advice`Find who wrote the entry (a CNI agent, a node script), and remove it; the kernel then asks for the address as usual:\n${onTarget('ip', 'neigh', 'del', hop.address, 'dev', hop.device)}`,
      },
    ),
  ];
}

/** The last router says what our own kernel says of our own link. */
function lastHop(facts: ArpFacts, way: Way): Occurrence[] {
  const route = routeOf(way);
  if (route?.gateway === undefined || way.answered !== false) return [];
  const own = facts.interfaces?.flatMap((i) => i.addresses.map((a) => a.address)) ?? [];
  const told = way.icmpErrors.find((e) => e.kind === 'host' && !own.some((a) => sameAddress(a, e.sender)));
  const failed = way.tcp.value?.tries.find((t) =>
    /^(No route to host|Host is unreachable)$/.test(t.error ?? ''),
  );
  // At once it is a route or a filter that says so, not a search that came to nothing.
  if (told === undefined || failed === undefined || failed.ms < ASKING_MS) return [];
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(way)} was not found: the router ${told.sender} has looked for it, or for the next router on the way to it, and says "host unreachable" (connecting fails after ${formatMs(failed.ms)}).`,
      [
        ...quote(way.results.icmp, /^From |packets transmitted/, 2),
        ...quote(way.results.tcp, /host|unreachable|^failed/, 2),
      ],
      {
        subject: way.destination.label,
        remediation: advice`Check that the address is right and that its owner is running (${kubectl`get pods -A -o wide`}). If it does, look on the host that has ${told.sender}: whom it asks (ip route get ${way.hop.value?.address ?? way.destination.host}, from the target's address where rules decide: ip rule), ip neigh, and the link that leads there.`,
      },
    ),
  ];
}

export const target: Rule<ArpFacts> = {
  meta,
  judge: (facts) => [
    ...facts.hops.flatMap((hop) => [...unanswered(facts, hop), ...wrongEntry(facts, hop)]),
    ...facts.ways.flatMap((way) => lastHop(facts, way)),
  ],
};
