import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { MtuFacts, MtuPath } from '../facts.ts';

const meta = {
  id: 'NT-MTU-003',
  title: 'A route has a larger MTU than the link that it leads through',
  severities: ['warning'],
  meaning:
    'The MTU of a route overrides that of its interface: the target announces segments (MSS) for the route\'s MTU, so what others send does not fit the link, and its own packets may be larger than the link takes. DHCP clients write such routes (the option "interface MTU"), and so do scripts that raise an MTU on one side only. TLS handshakes and downloads then hang, small answers come.',
  rule: 'The route to a destination has an MTU of its own that is above the MTU of the interface that it leads through.',
  source:
    'ip-route(8), mtu; Linux: ip_dst_mtu_maybe_forward and ipv4_default_advmss take the metric of the route first',
  remedy:
    'Take the MTU off the route (ip route replace … without mtu), or set it to that of the interface, where the route is made: the DHCP client (ignore the option interface-mtu), systemd-networkd (UseMTU, MTUBytes in [Route]), the network plugin.',
  explains: { depth: 935, subject: ['NT-MTU-001', 'NT-TLS', 'NT-LAT-003', 'NT-LAT-006', 'NT-HTTP-001'] },
} as const;

interface Found {
  readonly path: MtuPath;
  readonly device: string;
  readonly linkMtu: number;
  readonly routeMtu: number;
}

function foundOn(path: MtuPath): Found[] {
  const { link, routeMtu } = path.icmp.value ?? {};
  if (link === undefined || routeMtu === undefined || routeMtu <= link.mtu) return [];
  return [{ path, device: link.device, linkMtu: link.mtu, routeMtu }];
}

export const routeAboveLink: Rule<MtuFacts> = {
  meta,
  judge: ({ paths }) => {
    const found = paths.flatMap(foundOn);
    const byRoute = new Map(found.map((one) => [`${one.device} ${one.routeMtu}`, one]));
    return [...byRoute.values()].map(({ path, device, linkMtu, routeMtu }) => {
      const labels = found
        .filter((one) => one.device === device && one.routeMtu === routeMtu)
        .map((one) => one.path.destination.label);
      // IP and TCP headers without options.
      const mss = routeMtu - (path.icmp.value?.address.includes(':') === true ? 60 : 40);
      return occurrence(
        meta,
        'warning',
        `The route to ${labels.join(', ')} has an MTU of its own, ${routeMtu}, above the ${linkMtu} of ${device}, through which it leads: others are told to send segments of up to ${mss} bytes, which do not fit.`,
        quote(path.results.icmp, /^(link|route-mtu) /, 2),
        { subject: path.destination.label },
      );
    });
  },
};
