import { ALL_TRAFFIC } from '../effects.ts';

/** NT-RT-003, whose remedy the path check gives too. */
export const meta = {
  id: 'NT-RT-003',
  title: 'Answers are dropped by the reverse path filter',
  severities: ['critical', 'warning', 'info'],
  meaning:
    'Packets arrive on one interface while the route back to their sender leads through another, and rp_filter is strict there: the kernel drops them silently. Connections time out, though a capture shows the answers arriving.',
  rule: "TcpExt IPReversePathFilter grew during the run. Critical when a destination did not answer meanwhile and an interface other than the one that it is sent to through is strict, otherwise a warning (a single packet: info); in the node's own namespace, which hears much that is not meant for it, only the former. There also, whatever the counter says: a neighbour entry shows a pod of the node behind a strict interface, and table main has its address through another one.",
  source: 'Linux: Documentation/networking/ip-sysctl.rst (rp_filter), RFC 3704',
  remedy:
    "Make the ways there and back the same (a route or a source-based rule for the interface on which the answers come), or let the filter be loose on it: sysctl -w net.ipv4.conf.IFACE.rp_filter=2, for a pod by securityContext.sysctls or its CNI plugin's tuning.",
  explains: { depth: 530, target: ALL_TRAFFIC },
} as const;
