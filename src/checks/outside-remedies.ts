/** What to do about findings where no cluster is: by ID, in place of the remedy that speaks of pods and their nodes. */
export const OUTSIDE_REMEDIES: Readonly<Record<string, string>> = {
  'NT-ARP-001':
    "The other end of the link is gone or not the router any more: see whether it is up (a veth's other end: ip -d link, bridge link on the machine that has it), and whether it has the gateway's address (ip addr there). For hardware: the cable, the switch port and its VLAN; in a virtual machine or a cloud, its network and security settings.",
  'NT-ARP-002':
    'See whether the address is right and its owner runs. If it does, look at its link (ip link, sysctl net.ipv4.conf.all.arp_ignore there). Remove a wrong PERMANENT entry with ip neigh del ADDRESS dev DEVICE.',
  'NT-ARP-004':
    'Find the other owner by its MAC address: ip neigh and bridge fdb, or the switch, tell the port. Addresses are given twice when a DHCP lease or an IPAM state was lost, a machine was cloned, or somebody set an address by hand.',
  'NT-RT-001':
    'See what should have set it: the DHCP client or the network configuration (NetworkManager, systemd-networkd, netplan, ifupdown), for a container its engine. By hand: ip route add default via GATEWAY dev DEVICE.',
  'NT-RT-005':
    'Look for a route with a `src` of its own or for an address that somebody added: ip route; ip addr.',
  'NT-RT-007': 'Add the route on the router that is named: see its table (ip route get ADDRESS there).',
  'NT-LAT-001':
    'See where the time is added: mtr ADDRESS shows it hop by hop. Compare with another machine on the same link.',
  'NT-LAT-002':
    "Find the hop: mtr ADDRESS, and look at the interfaces' drops at both ends (ip -s link). If nothing answers at all, check that the address is right and that no firewall drops it.",
  'NT-IF-001':
    'Without carrier, look at the other end: of a veth its peer (ip -d link show, the number after @if is its index there), for hardware the cable and the switch port. Switched off here: ip link set IFACE up.',
  'NT-DNS-001':
    'Look whether the name servers in /etc/resolv.conf are the right ones and run, and whether a firewall on the way drops UDP 53. With systemd-resolved (127.0.0.53), resolvectl status shows whom it asks in turn; in a Docker network 127.0.0.11 asks the servers of the host.',
  'NT-DNS-002':
    'Nothing listens on port 53 there: look whether the name server in /etc/resolv.conf is the right one and runs (for 127.0.0.53: systemctl status systemd-resolved).',
  'NT-DNS-004': "Read the name server's own log, and see whom it asks in turn.",
  'NT-DNS-005': 'Check the spelling, and the search domains in /etc/resolv.conf.',
  'NT-DNS-006':
    'Write the name with a dot at its end, or lower ndots and take search domains out of /etc/resolv.conf.',
  'NT-DNS-007':
    'Add "options single-request-reopen" to /etc/resolv.conf (glibc), or run a caching name server on the machine.',
  'NT-DNS-009':
    'Take the server that fails out of /etc/resolv.conf (or of what writes it: DHCP, NetworkManager, systemd-resolved), or mend it.',
  'NT-DNS-010': 'Write the servers that count first: the resolver asks no more than three (resolv.conf(5)).',
  'NT-DNS-011': "Look at the name server's load, and at whom it asks in turn.",
  'NT-FW-001':
    'Look where packets are filtered, from here outwards: the firewalls of this machine, of those on the way and of the destination (nft list ruleset, with counters; iptables-save -c), then security groups. Run the same check closer to the destination: where it works, the filter lies before.',
  'NT-SOCK-001':
    'See what the program listens on (ss -tlnp). When somebody does listen there and clients are refused all the same, a firewall at the destination answers with a reset.',
  'NT-SOCK-003':
    'Find out why the program does not accept (blocked, too few threads, no CPU time), and raise its backlog together with net.core.somaxconn if it only cannot take bursts.',
};
