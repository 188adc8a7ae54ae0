import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { onTarget } from '../../shared/remedy.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ConntrackFacts, Translated } from '../facts.ts';

const meta = {
  id: 'NT-CT-004',
  title: 'UDP to a Service or a hostPort is not translated, as of a time when nothing led there',
  severities: ['critical'],
  meaning:
    'The kernel decides once, at the first packet, whether a connection is translated. A client that sent its first datagram while the Service had no rules or the hostPort no pod keeps an entry that leads nowhere: each datagram prolongs it, and the rules that are there now are never asked. Clients with a fixed port (syslog, statsd, SIP, DNS forwarders) send into that hole for ever, while new clients are served.',
  rule: "In a node's own table: an entry by UDP to the cluster IP and port of a Service with endpoints, or to a hostPort of a pod of this node at the node's address, that is not translated and has no answer; it was there before the run, and its time-out was set again during it.",
  source:
    'kubernetes/kubernetes#48370 and #59033: kube-proxy and the portmap plugin delete such entries themselves',
  remedy: advice`Delete the entries: ${nettools`run ${TARGET} -- conntrack -D -p udp --orig-dst ADDRESS --orig-port-dst PORT`}. If they come back, no rule leads there at all: look at whatever programs Services or hostPorts on this node.`,
} as const;

/** What an entry should lead to; `undefined`: nothing that is known. */
function meant({ entry }: Translated, { services, hostPorts, nodeAddresses }: ConntrackFacts) {
  const { destination, destinationPort } = entry.original;
  const service = services.find(
    ({ addresses, ports, endpoints }) =>
      endpoints.length > 0 &&
      addresses.some((address) => sameAddress(address, destination)) &&
      ports.some(({ protocol, port }) => protocol === 'udp' && String(port) === destinationPort),
  );
  if (service) {
    const count = service.endpoints.length === 1 ? '1 endpoint' : `${service.endpoints.length} endpoints`;
    return { label: `svc/${service.name} in ${service.namespace}`, has: `the Service has ${count}` };
  }
  const published = hostPorts.find(
    ({ port }) =>
      String(port) === destinationPort && nodeAddresses.some((own) => sameAddress(own, destination)),
  );
  return published && { label: `the hostPort of pod ${published.pod}`, has: 'the pod is there' };
}

export const untranslated: Rule<ConntrackFacts> = {
  meta,
  judge: (facts) => {
    const groups = new Map<string, { has: string; label: string; entries: Translated[] }>();
    for (const one of facts.untranslated.value ?? []) {
      const to = meant(one, facts);
      if (to === undefined) continue;
      const { destination, destinationPort } = one.entry.original;
      const key = `${destination} ${destinationPort}`;
      const group = groups.get(key) ?? { ...to, entries: [] };
      group.entries.push(one);
      groups.set(key, group);
    }
    return [...groups.values()].flatMap(({ has, label, entries }) => {
      const [first] = entries;
      if (!first) return [];
      const { destination, destinationPort, source } = first.entry.original;
      const count = entries.length === 1 ? '1 connection' : `${entries.length} connections`;
      const forget = ['conntrack', '-D', '-p', 'udp', '--orig-dst', destination, '--orig-port-dst'];
      return [
        occurrence(
          meta,
          'critical',
          `${count} to ${label} (${socketAddress(destination, destinationPort)}/udp), from ${source}${entries.length === 1 ? '' : ' and others'}, ${entries.length === 1 ? 'is' : 'are'} not translated, though ${has}: the entry is of a time when nothing led there, and each datagram keeps it.`,
          [
            {
              command: first.result.command,
              excerpt: entries
                .slice(0, 3)
                .map(({ entry }) => entry.line)
                .join('\n'),
            },
          ],
          {
            subject: label,
            remediation: advice`Delete the entries; the next datagram is led by the rules of now. If they come back, no rule leads there at all: look at whatever programs Services or hostPorts on this node.\n${onTarget(...forget, destinationPort)}`,
          },
        ),
      ];
    });
  },
};
