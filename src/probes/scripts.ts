/** The probes' own scripts, each a file. */
import type { ProbeScripts } from '../model/check.ts';
import BESIDE from './beside.sh';
import BUSIEST_ADDRESSES from './busiest-addresses.sh';
import CONNTRACK_HOLDERS from './conntrack-holders.sh';
import DNS from './dns.sh';
import DUPLICATES from './duplicates.sh';
import GREETING from './greeting.bash';
import HTTP2 from './http2.bash';
import IF_GROWN from './if-grown.sh';
import IN_OUTER from './in-outer.sh';
import LINK_SPEED from './link-speed.sh';
import NETNS_LIST from './netns-list.sh';
import NEXT_HOP from './next-hop.sh';
import NIC_COUNTERS from './nic-counters.sh';
import NODE_PORT_PLACES from './node-port-places.sh';
import ODD_SOCKETS from './odd-sockets.sh';
import OTHER_WAYS from './other-ways.bash';
import PATH_MTU from './path-mtu.sh';
import PING from './ping.sh';
import PORT_USE from './port-use.sh';
import REACH from './reach.bash';
import RESTING from './resting.bash';
import SERVICE_RULES from './service-rules.sh';
import SMALL_SEGMENTS from './small-segments.sh';
import SWEEP from './sweep.bash';
import TCP_CONNECT from './tcp-connect.bash';
import TCP_TRANSFER from './tcp-transfer.bash';
import TLS from './tls.sh';
import TUNNEL_WAY from './tunnel-way.sh';
import UNACCEPTED from './unaccepted.sh';
import UNBOUND from './unbound.sh';

/** Their texts, by the names that the words of a plan use. */
export const SCRIPT_TEXTS: Record<keyof ProbeScripts, string> = {
  nextHop: NEXT_HOP,
  duplicates: DUPLICATES,
  dns: DNS,
  ping: PING,
  tcpConnect: TCP_CONNECT,
  pathMtu: PATH_MTU,
  tcpTransfer: TCP_TRANSFER,
  sweep: SWEEP,
  reach: REACH,
  portUse: PORT_USE,
  oddSockets: ODD_SOCKETS,
  unaccepted: UNACCEPTED,
  tls: TLS,
  smallSegments: SMALL_SEGMENTS,
  linkSpeed: LINK_SPEED,
  nicCounters: NIC_COUNTERS,
  serviceRules: SERVICE_RULES,
  netnsList: NETNS_LIST,
  conntrackHolders: CONNTRACK_HOLDERS,
  busiestAddresses: BUSIEST_ADDRESSES,
  tunnelWay: TUNNEL_WAY,
  inOuter: IN_OUTER,
  greeting: GREETING,
  otherWays: OTHER_WAYS,
  nodePortPlaces: NODE_PORT_PLACES,
  ifGrown: IF_GROWN,
  resting: RESTING,
  beside: BESIDE,
  http2: HTTP2,
  unbound: UNBOUND,
};

/** What stands for each in a plan: the text itself is sent once, however many commands run it. */
export const PROBE_SCRIPTS = Object.fromEntries(
  Object.keys(SCRIPT_TEXTS).map((name) => [name, `%script:${name}%`]),
) as ProbeScripts;
