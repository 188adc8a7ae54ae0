/** NT-SOCK-004, which the firewall check raises too. */
export const meta = {
  id: 'NT-SOCK-004',
  title: 'Ephemeral ports are nearly exhausted',
  severities: ['warning', 'critical'],
  meaning:
    'Each connection to one remote end needs a local port of its own, and they are nearly all taken, often by connections in TIME-WAIT of a client that opens a new one for each request. When none is left, connect() fails with "Cannot assign requested address".',
  rule: 'Connections to one remote address and port hold at least 80 % of the ports of ip_local_port_range (ours, --port-share; warning), or connect() fails with EADDRNOTAVAIL (critical). Or at least 95 % of the ports are taken by connections to many (warning).',
  source: 'ours; ip(7), ip_local_port_range',
  remedy:
    'Let the client keep connections and reuse them (keep-alive, a pool). Until then widen the range: sysctl net.ipv4.ip_local_port_range="1024 65535" (a safe sysctl of the pod: securityContext.sysctls), or add replicas.',
} as const;
