import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import type { UnboundAnswer } from '../../../parsers/unbound.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type AstrayWay, astrayWay } from '../astray-datagrams.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf } from '../path.ts';
import { wayText } from '../published-ways.ts';
import { heardFrom } from '../unbound.ts';
import type { Unbound } from '../unbound-pair.ts';

/** @param port that clients ask */
function helper(port: number): Advice {
  return advice`Or, on every node, let connection tracking read TFTP; kernels since 6.0 assign the helper by a rule alone.\n${verbatim`modprobe -a nf_conntrack_tftp nf_nat_tftp`}\n${verbatim`iptables -t raw -A PREROUTING -p udp --dport ${port} -j CT --helper tftp`}`;
}

const meta = {
  id: 'NT-SVC-029',
  title: 'A server answers over UDP from another port or address than it was asked at',
  severities: ['critical', 'warning'],
  meaning:
    'An answer over UDP belongs to a question by its addresses and ports alone. TFTP answers from a port that it chooses for each transfer; a server on a host with several addresses that listens on all of them (OpenVPN, RADIUS, SIP, DNS) may answer from the one by which it sends. Whoever has connected the socket gets no such answer: its kernel refuses it (ICMP port unreachable). Who has translated the question, a node for a Service, a NodePort or a load balancer, Docker for a published port, knows no such answer either: it is not translated back, and where the source of the question was translated too, it ends on that node.',
  rule: "A socket that takes answers from anybody asks a DEST of UDP beside the connected one: TFTP for a file that does not exist (port 69, or a port of that name), DNS, NTP, or a text. Critical: a pod behind a Service answers from another port or address when it is asked by its own address, and nothing comes back by the Service's address or port. A warning: then the answer comes from the pod's own address. Critical as well: a DEST answers from another address than it was asked at, and a connected socket hears nothing; of TFTP, which has clients that take such answers, a warning. A DEST that is no Service and answers TFTP from another port of its own is as it should be. Needs socat, as the image has it.",
  source:
    'RFC 1350, section 4 (transfer identifiers); dnsmasq(8), --tftp-single-port; openvpn(8), --multihome; kubernetes/kubernetes#26718; moby/moby#11998',
  remedy: advice`TFTP: let the server answer from the port that it is asked at (dnsmasq: --tftp-single-port), or run it with hostNetwork: true and give clients the address of its node. Port ranges (in.tftpd --port-range) help firewalls alone. Others: let the server listen on the one address that clients ask, or set its option for several addresses (OpenVPN: --multihome). ${helper(69)}`,
  explains: { depth: 629, subject: LOST_PACKETS },
} as const;

function quotes(...all: readonly (Unbound | undefined)[]): Quote[] {
  const [first] = all;
  const lines = all.flatMap((one) => {
    if (one?.asked === undefined) return [];
    const { address, port, answer } = one.asked;
    const said = answer === undefined ? 'no answer' : `answer from ${end(answer)}`;
    return [`asked ${socketAddress(address, port)}: ${said}`];
  });
  return first === undefined ? [] : [{ command: first.result.command, excerpt: lines.join('\n') }];
}

const end = ({ address, port }: UnboundAnswer): string => socketAddress(address, port);

const INSIDE = 'Inside of the cluster, clients can ask the pod by its own address or by a headless Service.';

function remedyFor({ isTftp }: AstrayWay, { port }: PathFacts): Advice {
  if (!isTftp)
    return `Let the server answer from the port and the address that it is asked at: with the socket that got the question, bound to that port and address. ${INSIDE}`;
  return advice`Let the server answer from the port that it is asked at: dnsmasq does so with --tftp-single-port (the image of netboot.xyz: TFTPD_OPTS=--tftp-single-port), servers made with github.com/pin/tftp in their single-port mode; in.tftpd and atftpd cannot, and a port range of theirs helps firewalls alone. Or run the pod with hostNetwork: true, and give clients the address of its node. ${INSIDE} ${helper(port)}`;
}

function whatDiffers({ straight, isTftp }: AstrayWay): string {
  if (straight.differs === 'address') return `from another address (${end(straight)})`;
  return `from another port (${end(straight)})${isTftp ? ', as TFTP does for each transfer' : ''}`;
}

function judgeWay(way: AstrayWay, path: PathFacts): Occurrence {
  const { server, through } = way;
  const { published, unbound, destination } = path;
  const by = published === undefined ? nameOf(path) : `${nameOf(path)}, ${wayText(published)},`;
  const lost =
    through === undefined
      ? 'no answer comes back, since nodes translate back what comes from the port and the address that were asked, and know of no question that this one belongs to'
      : `the answer comes from ${end(through)}, which was not asked, since nodes translate back only what comes from the port that was: clients that check who answers discard it, and those who ask by a NodePort, by a load balancer or from behind a node that masquerades get none`;
  return occurrence(
    meta,
    through === undefined ? 'critical' : 'warning',
    `${server} answers who asks it by itself ${whatDiffers(way)}; by ${by} ${lost}.`,
    quotes(unbound.behind, unbound.own),
    { subject: destination.label, remediation: remedyFor(way, path) },
  );
}

/** Whoever is of the group or the link answers, or the kernel chooses of its own addresses. */
function isToMany({ reach, address }: PathFacts): boolean {
  return (
    (reach.value?.routes ?? []).some((line) => /^(broadcast|multicast|anycast)\b/.test(line)) ||
    /^(0\.0\.0\.0|::|2(2[4-9]|3\d)\..*|255\..*|ff[0-9a-f]{2}:.*)$/i.test(address)
  );
}

/** A destination that nobody leads on, and that answers from another address. */
function judgeHost(path: PathFacts): Occurrence[] {
  const { destination, published, cause } = path;
  const { own } = path.unbound;
  const heard = heardFrom(own);
  if (heard?.differs !== 'address' || cause.kind === 'open' || isToMany(path)) return [];
  // Of what is led on it is the server's own answer that counts.
  if (destination.service?.part === 'virtual' || published !== undefined) return [];
  return [
    occurrence(
      meta,
      own?.question === 'tftp' ? 'warning' : 'critical',
      `${nameOf(path)} answers from ${end(heard)}, an address that was not asked: a client that has connected its socket, or checks who answers, gets nothing, and neither does one behind a router that translates.`,
      quotes(own),
      {
        subject: destination.label,
        remediation:
          'Let the server listen on the one address that clients ask, in place of all (0.0.0.0), or set its option to answer from it (OpenVPN: --multihome). Where a rule of nat on the way has changed the source of the answer, leave answers out of it.',
      },
    ),
  ];
}

export const otherSource: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap((path) => {
      const way = astrayWay(path);
      return way === undefined ? judgeHost(path) : [judgeWay(way, path)];
    }),
};
