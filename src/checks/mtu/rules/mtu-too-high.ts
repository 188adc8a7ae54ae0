import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import {
  announcer,
  carriesFullSegments,
  type MtuFacts,
  type MtuPath,
  type Narrow,
  narrow,
} from '../facts.ts';

const meta = {
  id: 'NT-MTU-002',
  title: "The target's MTU is above what the cluster's own network carries",
  severities: ['warning'],
  meaning:
    'Inside the cluster a packet as large as the interface allows does not get through: an overlay (VXLAN, IPIP, WireGuard, …) needs part of the room, or a link of the underlay is smaller. As long as routers may say so, each new path costs lost packets; where they may not, connections hang (NT-MTU-001).',
  rule: "To a destination inside the cluster the path MTU that was found is below the MTU of the target's interface and of its route.",
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

function sentence(found: readonly Found[], { size }: Found): string {
  const labels = found.map(({ path }) => path.destination.label).join(', ');
  const missing = size.allowed - size.carries;
  const overlay = OVERLAYS[missing];
  const teller = size.announced === undefined ? 'nobody says so' : `says ${announcer(size.announced)}`;
  return `${size.device} sends packets of up to ${size.allowed} bytes, but the way to ${labels} carries ${size.carries} (${teller}): ${missing} fewer${overlay === undefined ? '' : `, the overhead of ${overlay}`}.`;
}

export const mtuTooHigh: Rule<MtuFacts> = {
  meta,
  judge: ({ paths }) => {
    const found = paths.flatMap((path): Found[] => {
      const size = path.destination.inCluster ? narrow(path) : undefined;
      return size && !carriesFullSegments(path) ? [{ path, size }] : [];
    });
    const tightest = [...found].sort((a, b) => a.size.carries - b.size.carries)[0];
    if (!tightest) return [];
    return [
      occurrence(
        meta,
        'warning',
        sentence(found, tightest),
        quote(tightest.path.results.icmp, /^(link|route-mtu|bytes|icmp|path-mtu) /, 8),
      ),
    ];
  },
};
