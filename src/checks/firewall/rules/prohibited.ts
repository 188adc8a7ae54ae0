import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts } from '../facts.ts';
import { nameOf, quoteGrownIp, quoteIcmp, quoteReach, seen } from '../path.ts';
import { senderText } from '../sender.ts';

const meta = {
  id: 'NT-FW-003',
  title: 'Prohibited by a filter that says so',
  severities: ['critical'],
  meaning:
    'A firewall on the way answers with ICMP "administratively prohibited". Connections fail at once, with "No route to host", which has nothing to do with routes here. firewalld and many hardware firewalls reject in this way.',
  rule: 'The connection fails at once, and ICMP 3/9, 3/10 or 3/13 (IPv6: 1/1) about the destination arrives (the socket of the probe is told, or a listener hears it). Where neither is so: EHOSTUNREACH at once, InDestUnreachs grows, and no unreachable route matches; for IPv6 EACCES, and no prohibit route.',
  source: 'RFC 1812, 5.2.7.1; RFC 4443, 3.1',
  remedy:
    'Allow the traffic on the firewall that is named as the sender (firewall-cmd --list-all there, or nft list ruleset).',
  explains: { depth: 820, subject: ['NT-LAT', 'NT-TLS'] },
} as const;

export const prohibited: Rule<FirewallFacts> = {
  meta,
  judge: (facts) =>
    facts.paths.flatMap((path) => {
      if (path.cause.kind !== 'prohibited') return [];
      const { sender } = path.cause;
      return [
        occurrence(
          meta,
          'critical',
          `${nameOf(path)} is prohibited by ${senderText(path, sender)}: connecting fails with ${seen(path)}.`,
          [
            ...quoteIcmp(path, facts),
            ...quoteReach(path),
            ...(sender === undefined ? quoteGrownIp(path, facts, 'Icmp.InDestUnreachs') : []),
          ],
          {
            subject: path.destination.label,
            ...(sender === undefined
              ? {}
              : {
                  remediation: `Allow it on the host that has ${sender}: see there "nft list ruleset" or "firewall-cmd --list-all".`,
                }),
          },
        ),
      ];
    }),
};
