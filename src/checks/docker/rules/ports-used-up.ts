import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DockerFacts, DockerHost, Tried } from '../facts.ts';
import { outside, walks } from '../host.ts';
import { isReached, linkTo, onHost } from '../passage.ts';

const meta = {
  id: 'NT-DKR-032',
  title: "No port of the host's address is left for connections to this destination",
  severities: ['critical', 'warning'],
  meaning:
    'The Docker host gives each connection that leaves a network of containers its own address and a port of it. All that go to one address and port share these ports: once they are used up, a new connection finds none, and the kernel drops its first packet silently. Other destinations, and the host itself, are not affected. Connections that ended a moment ago count too, until the table forgets them (TIME_WAIT, two minutes).',
  rule: "During the run entries could not be inserted into the host's connection table (insert_failed grew), and connections from one address of the host to the DEST's address and port hold 90 % or more of the ports that translation may take: those of --to-ports or --to-source of the rule that translates, else 1024 to 65535. Critical where the DEST did not answer, else a warning. The table is counted by conntrack -L; of a DEST that is translated itself, its address is that after translation.",
  source:
    'Linux: nf_nat_l4proto_unique_tuple and get_unique_tuple (net/netfilter/nf_nat_core.c), __nf_conntrack_confirm; iptables-extensions(8), MASQUERADE',
  remedy:
    'Make fewer connections: keep them open and use them again (HTTP keep-alive, a pool), and see who opens so many. Or give the translation more room: more addresses (SNAT --to-source FIRST-LAST), a wider --to-ports where a rule narrows it, or several addresses or ports of the destination.',
  explains: { depth: 255, subject: ['NT-FW', 'NT-LAT', 'NT-TLS', 'NT-HTTP', 'NT-DNS'] },
} as const;

/** Of a rule that names none; ports below 1024 are translated among themselves (nf_nat_l4proto_unique_tuple). */
const ALL_PORTS = 65_535 - 1024 + 1;
/** The kernel gives up after 128 tries, before the last one is taken. */
const FULL_PERCENT = 90;

/** How many ports the rule that translates what leaves for DEST may take, and its words. */
function portsFor(
  host: DockerHost,
  { bridge, address }: { readonly bridge: string; readonly address: string },
  { address: destination, port, destination: { protocol } }: Tried,
): { readonly ports: number; readonly rule: string } | undefined {
  const packet = { source: address, destination, port, protocol, in: { is: bridge }, out: outside(host) };
  const first = walks(host, 'nat', 'POSTROUTING', packet)
    .flatMap((way) => way[0] ?? [])
    .find(({ verdict }) => verdict === 'translate');
  if (first === undefined) return undefined;
  const [, from, to] = / (?:--to-ports |--to-source \S*?:)(\d+)(?:-(\d+))?/.exec(first.text) ?? [];
  const ports = from === undefined ? ALL_PORTS : Number(to ?? from) - Number(from) + 1;
  return { ports, rule: first.text };
}

function judge(facts: DockerFacts, tried: Tried): Occurrence[] {
  const { host } = facts;
  const link = linkTo(facts, tried);
  if (!host || !link || (host.insertFailed ?? 0) === 0) return [];
  const { protocol, label } = tried.destination;
  const busy = host.busiest.find(
    (one) => one.protocol === protocol && one.port === tried.port && sameAddress(one.far, tried.address),
  );
  const limit = busy && portsFor(host, link, tried);
  if (busy === undefined || limit === undefined || busy.count * 100 < limit.ports * FULL_PERCENT) return [];
  const failed = host.insertFailed ?? 0;
  return [
    occurrence(
      meta,
      isReached(tried) ? 'warning' : 'critical',
      `${busy.count} of the ${limit.ports} ports that ${busy.near}, the Docker host's address in the place of its containers', has for connections to ${label} are taken: ${failed} new ${failed === 1 ? 'packet was' : 'packets were'} dropped during the run, for which none was left.`,
      [
        onHost(
          host.results.busiest?.command ?? ['conntrack', '-L'],
          `${busy.count} of ${protocol} from ${busy.near} to ${socketAddress(busy.far, busy.port)}`,
        ),
        onHost(['iptables-save'], limit.rule),
        onHost(['cat', '/proc/net/stat/nf_conntrack'], `insert_failed grew by ${failed}`),
      ],
      { subject: label },
    ),
  ];
}

export const portsUsedUp: Rule<DockerFacts> = {
  meta,
  judge: (facts) => facts.tried.flatMap((tried) => judge(facts, tried)),
};
