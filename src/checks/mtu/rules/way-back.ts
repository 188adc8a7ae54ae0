import { advice } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { allowedMtu } from '../../../parsers/path-mtu.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { quote, quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { carriesFullSegments, type MtuFacts, type MtuPath, narrow } from '../facts.ts';

const meta = {
  id: 'NT-MTU-004',
  title: 'The way back takes smaller packets than the way there',
  severities: ['warning', 'info'],
  meaning:
    'Packets of full size arrive, and the answers, as large as they, come back in fragments: a link on the way back is smaller. An echo reply may be cut; a TCP segment may not, and its sender has to be told by ICMP (type 3 code 4). Where that message does not get to it, uploads and small answers work, and pages, downloads and TLS handshakes hang.',
  rule: "Echo requests of the target's full size with DF were answered, and in the run the kernel put as many packets together from two fragments each (Ip ReasmOKs and ReasmReqds) as there were such answers from at least one destination, and no more than there were from all of them (IPv4 only). Info on a node of a cluster, whose connection tracking puts together what it forwards, and where segments of full size get to a destination by TCP, and no echo request of that size is answered: the way back may lose them, or something lets no large echo request pass.",
  source: 'RFC 1191; RFC 2923, section 2.1; Linux: icmp_reply sends without DF',
  remedy:
    'Make the links of both ways alike, or let ICMP type 3 code 4 get to the server (its own firewall, security groups, NAT gateways). Until then: clamp the MSS of both directions where packets are forwarded (nft … tcp flags syn tcp option maxseg size set rt mtu), or sysctl net.ipv4.tcp_mtu_probing=1 on the server.',
  explains: { depth: 945, subject: ['NT-TLS', 'NT-LAT-006', 'NT-HTTP-001', 'NT-HTTP-003'] },
} as const;

interface Full {
  readonly path: MtuPath;
  readonly size: number;
  readonly answers: number;
}

/** A path on which packets of full size were answered. */
function fullOf(path: MtuPath): Full[] {
  const found = path.icmp.value;
  const size = found && allowedMtu(found);
  if (found === undefined || size === undefined || found.address.includes(':')) return [];
  const answers = found.tries
    .filter((one) => one.size === size)
    .reduce((sum, { received }) => sum + received, 0);
  // What comes from the other end of the target's own link was on no way.
  return answers === 0 || path.destination.role === 'gateway' ? [] : [{ path, size, answers }];
}

/** Full segments arrive, and large echo requests get no answer: which of two reasons it has is not known. */
function unanswered({ paths }: MtuFacts): Occurrence[] {
  return paths.flatMap((path) => {
    const size = narrow(path);
    if (size === undefined || size.announced !== undefined || !carriesFullSegments(path)) return [];
    const { label } = path.destination;
    return [
      occurrence(
        meta,
        'info',
        `Segments of full size get to ${label} by TCP, but echo requests of more than ${size.carries} bytes get no answer: either the way back loses what is larger, or something on the way lets no large echo request pass.`,
        quote(path.results.icmp, /^(link|bytes|path-mtu) /, 6),
        {
          subject: label,
          remediation: advice`A large download from there decides it: where it hangs and small answers come, the way back is too narrow. Then make its links as wide as those of the way there, let ICMP type 3 code 4 get to the server, or clamp the MSS where packets are forwarded.`,
        },
      ),
    ];
  });
}

/**
 * How many packets were put together from two fragments each, as an answer of full size comes. What comes in more is a larger
 * datagram of somebody else, such as the echo requests of another run that looks for lost fragments (NT-MTU-005).
 */
function joinedOfTwo({ before, after }: MtuFacts['counters']): number {
  const whole = growth(before, after, 'Ip.ReasmOKs') ?? 0;
  const fragments = growth(before, after, 'Ip.ReasmReqds') ?? 2 * whole;
  return Math.max(0, Math.min(whole, 3 * whole - fragments));
}

function fragmented({ paths, counters, forwards }: MtuFacts): Occurrence[] {
  const joined = joinedOfTwo(counters);
  const full = paths.flatMap(fullOf);
  const all = full.reduce((sum, { answers }) => sum + answers, 0);
  // More than that is other traffic, which may come in fragments without any harm.
  const fits = full.filter(({ answers }) => answers <= joined);
  const [first] = fits;
  if (first === undefined || joined > all) return [];
  const labels = fits.map(({ path }) => path.destination.label);
  // As many as came from all of them came from each of them.
  const isEach = joined === all && fits.length === full.length;
  const subject = (fits.find(({ path }) => path.destination.role === 'asked') ?? first).path.destination
    .label;
  const whom = isEach || labels.length === 1 ? labels.join(' and ') : `one or some of ${labels.join(', ')}`;
  return [
    occurrence(
      meta,
      forwards ? 'info' : 'warning',
      forwards
        ? `Packets of ${first.size} bytes get to ${whom}, and ${joined} ${joined === 1 ? 'packet was' : 'packets were'} put together from fragments meanwhile: the answers, on a way back that takes less than ${first.size} bytes, or what the node forwards for others. A pod of the node has packets of its own alone: measure from there.`
        : `Packets of ${first.size} bytes get to ${whom}, and the answers come back in fragments (${joined} were put together meanwhile): the way back takes less than ${first.size} bytes, and of TCP the far side has to be told so by ICMP.`,
      [
        ...quoteCounters(counters.quotes, counters.before, counters.after, ['Ip.ReasmReqds', 'Ip.ReasmOKs']),
        ...quote(first.path.results.icmp, /^(link|bytes|path-mtu) /, 4),
      ],
      isEach || labels.length === 1 ? { subject } : {},
    ),
  ];
}

export const wayBack: Rule<MtuFacts> = {
  meta,
  judge: (facts) => [...fragmented(facts), ...unanswered(facts)],
};
