/** The tool's own probes, by the names that stand in proofs, and what comes nearest to each by hand. */

interface OwnProbe {
  /** With its words, as a proof has them. */
  readonly name: string;
  /** A sentence without its end. */
  readonly does: string;
  /** On the target, where nothing else is said. */
  readonly byHand: string;
}

export const OWN_PROBES: readonly OwnProbe[] = [
  {
    name: 'reach tcp HOST PORT',
    does: 'One connection, as long as a neighbour takes to fail, and what the kernel knows of it meanwhile',
    byHand: 'nc -vz -w 4 HOST PORT',
  },
  {
    name: 'reach udp HOST PORT',
    does: 'Datagrams, and the errors that come back; a question where the port is one of DNS or NTP',
    byHand: 'nc -vzu -w 2 HOST PORT',
  },
  {
    name: 'tcp-connect HOST PORT COUNT',
    does: 'Connections one after the other, with their times',
    byHand: "curl -sS -o /dev/null -w '%{time_connect}\\n' -m 4 telnet://HOST:PORT </dev/null",
  },
  {
    name: 'connect to each of N endpoints',
    does: 'One connection to each endpoint of a large Service, at the same time',
    byHand: 'nc -vz -w 2 ADDRESS PORT',
  },
  {
    name: 'path-mtu HOST',
    does: 'Packets of many sizes that may not be fragmented, and who says which are too large',
    byHand: 'tracepath -n HOST',
  },
  {
    name: 'tcp-transfer HOST PORT',
    does: 'Large segments over one connection, and whether they are taken',
    byHand: 'head -c 100000 /dev/zero | nc -w 3 HOST PORT',
  },
  {
    name: 'small-segments ADDRESS PORT http URL',
    does: 'The same request over connections that take smaller segments, and whether its answer comes whole',
    byHand:
      'socat UNIX-LISTEN:/tmp/s,fork TCP:ADDRESS:PORT,mss=536 & curl -o /dev/null --unix-socket /tmp/s URL',
  },
  {
    name: 'dns-probe SERVER NAME',
    does: 'Queries over UDP and TCP, with their times, and what getaddrinfo makes of the names',
    byHand: 'dig @SERVER NAME; getent ahosts NAME',
  },
  {
    name: 'service-rules ADDRESS PROTOCOL PORT NAMESPACE/NAME',
    does: 'What kube-proxy has written for a Service, on a node',
    byHand: 'nft list table ip kube-proxy; iptables-save -t nat',
  },
  {
    name: 'conntrack-holders PERCENT',
    does: 'Who has most of the tracked connections, where the table is filled to so many percent',
    byHand: 'conntrack -L',
  },
  {
    name: 'port-use',
    does: 'How many of the local ports are taken',
    byHand: 'sysctl net.ipv4.ip_local_port_range; ss -tanH',
  },
  {
    name: 'link-speed HOST',
    does: 'The rate of the device that leads to a host',
    byHand: 'ip route get ADDRESS; cat /sys/class/net/DEVICE/speed',
  },
  {
    name: 'netns-list',
    does: 'The network namespaces of a machine',
    byHand: 'kubectl nettools netns ls NODE (on your own machine)',
  },
  {
    name: 'nettools-prober watch-start',
    does: 'What `watch` sees',
    byHand: 'kubectl nettools watch TARGET --to DEST (on your own machine)',
  },
];

/** The section of docs/findings.md that says how to repeat a proof. */
export function proofsSection(): string {
  const rows = OWN_PROBES.map(
    ({ name, does, byHand }) => `| \`${name}\` | ${does} | \`${byHand.replaceAll('|', '\\|')}\` |`,
  );
  return `## To repeat a proof

A finding quotes the commands that it rests on, each after a \`$\`. Those of kubectl and docker run on your own machine. All others ran
on the target; where another place stands before them in brackets, there. \`kubectl nettools run TARGET -- COMMAND\` runs one again, and
\`kubectl nettools shell TARGET\` opens a shell for several. Some are probes of this tool and no programs. What comes nearest by hand:

| in a proof | what it does | by hand |
|---|---|---|
${rows.join('\n')}
`;
}
