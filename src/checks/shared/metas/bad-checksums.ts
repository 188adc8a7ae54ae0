/** NT-SOCK-006, which the path check raises too. */
export const meta = {
  id: 'NT-SOCK-006',
  title: 'Packets arrive with a wrong checksum',
  severities: ['warning', 'info'],
  meaning:
    'Packets reach this network namespace, but its kernel discards them because their TCP or UDP checksum is wrong. Their sender sees silence, though no filter dropped them; ping, which has a checksum of its own, works. The usual cause is an interface that leaves the checksum to hardware which does not make it: a tunnel of an overlay (flannel.1, vxlan.calico), a virtual network card.',
  rule: 'TcpInCsumErrors or InCsumErrors of UDP (IPv4 and IPv6) grew in the run, by at least 3 and 0.1 % of what came (ours). Fewer are what a cable damages: info.',
  source: 'RFC 9293, 3.1 (checksum); kernel: Documentation/networking/checksum-offloads.rst',
  remedy:
    "See who sends them: tcpdump -nn -vv here marks each with (incorrect). Where they come through an overlay, switch the offload of its interface off on the sender's node, and see whether it helps: ethtool -K flannel.1 tx-checksum-ip-generic off (or the interface of your overlay); then update the kernel or the network plugin. For a virtual machine, the same on its network card.",
} as const;
