import type { Occurrence } from '../../../model/finding.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  announcer,
  carriesFullSegments,
  isClamped,
  isSaidByOwnHost,
  type MtuFacts,
  type MtuPath,
  type Narrow,
  narrow,
  type OwnHost,
} from '../facts.ts';

const meta = {
  id: 'NT-MTU-002',
  title: "The target's MTU is above what the network behind it carries",
  severities: ['warning'],
  meaning:
    "Inside the cluster, or on the first step out of the target's own host, a packet as large as the interface allows does not get through: an overlay (VXLAN, IPIP, WireGuard, …) needs part of the room, or a link of the underlay is smaller, as in a VPN or a cloud's virtual network. As long as routers may report it, each new path costs lost packets; where they may not, connections hang (NT-MTU-001). The far side suffers too: it is told of segments (MSS) for the target's own MTU, and what it sends may not fit through the host's link.",
  rule: "To a destination inside the cluster the path MTU that was found is below the MTU of the target's interface and of its route; or to any destination, where the target is a pod or container and the ICMP message comes from its own host, unless a TCP transfer shows that the host rewrites the MSS.",
  source:
    'RFC 1191; overheads: VXLAN 50 (RFC 7348, over IPv4), IPIP 20 (RFC 2003), GRE 24 (RFC 2784), WireGuard 60 or 80',
  remedy:
    "Set the network plugin's MTU to the underlay's less the overlay's overhead (Calico: veth_mtu, Cilium: mtu, Flannel: the backend's MTU), then restart the pods: an interface keeps the MTU that it was made with.",
  explains: { depth: 940, target: ['NT-MTU-001', 'NT-TLS', 'NT-LAT-003'] },
} as const;

/** What usually takes so many bytes, by its overhead on Ethernet. */
const OVERLAYS: Readonly<Record<number, string>> = {
  20: 'IPIP',
  24: 'GRE',
  50: 'VXLAN',
  60: 'WireGuard',
  70: 'VXLAN over IPv6',
  80: 'WireGuard',
};

interface Found {
  readonly path: MtuPath;
  readonly size: Narrow;
}

function labelsOf(found: readonly Found[]): string {
  return found.map(({ path }) => path.destination.label).join(', ');
}

/** An echo reply is as large as its request: which of both was lost, only a transfer tells. */
function eitherWay({ path, size }: Found): string {
  const isProven = size.announced !== undefined || path.transfer?.value?.outcome === 'stalled';
  return isProven ? '' : ' The answers are as large, so it may as well be the way back.';
}

function sentence(found: readonly Found[], tightest: Found): string {
  const { size } = tightest;
  const missing = size.allowed - size.carries;
  const overlay = OVERLAYS[missing];
  const teller = size.announced === undefined ? 'nobody says so' : `says ${announcer(size.announced)}`;
  return `${size.device} sends packets of up to ${size.allowed} bytes, but the way to ${labelsOf(found)} carries ${size.carries} (${teller}): ${missing} fewer${overlay === undefined ? '' : `, the overhead of ${overlay}`}.${eitherWay(tightest)}`;
}

/** The way to a node itself is narrow: then no overlay takes the room, and its setting mends nothing. */
function underlaySentence(found: readonly Found[], { path, size }: Found): string {
  const { label } = path.destination;
  const others = found.filter((one) => one.path !== path);
  const also = others.length === 0 ? '' : `, and so does the way to ${labelsOf(others)}`;
  const teller = size.announced === undefined ? 'nobody says so' : `says ${announcer(size.announced)}`;
  return `${size.device} sends packets of up to ${size.allowed} bytes, but the way to ${label} itself carries ${size.carries} (${teller})${also}: it is the network between the nodes, and no overlay${size.announced === undefined ? '; one end of a link has a smaller MTU than the other' : ''}.`;
}

function uplinkSentence(found: readonly Found[], { size }: Found, host: OwnHost): string {
  const whose =
    host.kind === 'docker' ? "the container's host" : host.kind === 'pod' ? 'its node' : 'its host';
  const teller = size.announced === undefined ? '' : ` (says ${announcer(size.announced)})`;
  return `${size.device} sends packets of up to ${size.allowed} bytes, but ${whose} itself sends only ${size.carries} on to ${labelsOf(found)}${teller}: its link in that direction is smaller than the target's.`;
}

/** By which setting the interface gets the smaller MTU. */
function uplinkRemedy({ kind }: OwnHost, { carries }: Narrow): string {
  const setting = {
    docker: `Give the container's network that MTU: for the default bridge "mtu": ${carries} in /etc/docker/daemon.json, for a network of your own the option com.docker.network.driver.mtu=${carries} (in Compose: driver_opts), with which it has to be made again; then make the containers again`,
    pod: `Give the pods that MTU: in the network plugin's configuration ${carries}, less the overhead of an overlay if it has one (Calico: veth_mtu, Cilium: mtu, Flannel: the backend's MTU); then restart them`,
    other: `Give the interface that MTU: ip link set DEVICE mtu ${carries} in the target and at its other end`,
  }[kind];
  return `${setting}. Or let the host rewrite the segment size of TCP, for the far side too: nft … tcp flags syn tcp option maxseg size set rt mtu.`;
}

function underlayRemedy({ path }: Found): string {
  return `Compare the MTU of the uplinks (ip link) of this node, of ${path.destination.label} and of what lies between, and set them alike. Where one became smaller by itself, look at the network plugin's log: some have set the uplink itself to what is meant for pods, anew at each start. The plugin's MTU for pods is another matter: it has to follow the smaller of the two.`;
}

function tightestOf(found: readonly Found[]): Found | undefined {
  return [...found].sort((a, b) => a.size.carries - b.size.carries)[0];
}

function told(found: Found, text: string, remediation?: string): Occurrence {
  return occurrence(
    meta,
    'warning',
    text,
    quote(found.path.results.icmp, /^(link|route-mtu|bytes|icmp|path-mtu) /, 8),
    remediation === undefined ? {} : { remediation },
  );
}

export const mtuTooHigh: Rule<MtuFacts> = {
  meta,
  judge: (facts) => {
    const { paths, ownHost, nodes } = facts;
    const found = paths.flatMap((path): Found[] => {
      const size = narrow(path);
      return size && !carriesFullSegments(path) ? [{ path, size }] : [];
    });
    const inside = found.filter(({ path }) => path.destination.inCluster);
    const outside = found.filter(
      ({ path, size }) =>
        !path.destination.inCluster && isSaidByOwnHost(size, facts) && !isClamped(path, size),
    );
    const underlay = tightestOf(found.filter(({ path }) => nodes.includes(path.destination.id)));
    const [tightInside, tightOutside] = [tightestOf(inside), tightestOf(outside)];
    return [
      ...(underlay
        ? [told(underlay, underlaySentence(inside, underlay), underlayRemedy(underlay))]
        : tightInside
          ? [told(tightInside, sentence(inside, tightInside))]
          : []),
      ...(tightOutside && ownHost
        ? [
            told(
              tightOutside,
              uplinkSentence(outside, tightOutside, ownHost),
              uplinkRemedy(ownHost, tightOutside.size),
            ),
          ]
        : []),
    ];
  },
};
