import type { Occurrence } from '../../../model/finding.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type BookOutcome, isStop } from '../../shared/rule-books.ts';
import type { DockerFacts, DockerHost } from '../facts.ts';
import { outside, walks } from '../host.ts';
import { onHost } from '../passage.ts';
import { publishedText, reachableFromOutside } from '../published.ts';
import { translations } from './not-led.ts';

const meta = {
  id: 'NT-DKR-035',
  title: 'A rule of INPUT names a published port, and decides nothing',
  severities: ['info'],
  meaning:
    "The host's firewall has a rule against connections to this port (a ban of fail2ban, ufw deny, a rule of one's own), in the chain INPUT. Connections to a published port never come there: their destination is translated to the container before, and they pass FORWARD. So whoever the rule is meant for gets in. (What the host itself sends to the port, and what only docker-proxy takes, does pass INPUT.)",
  rule: "On the host, a connection from another machine to the published port would meet a rule that drops or rejects in INPUT, which one to a port that no rule names would not meet; and a rule of the nat table's PREROUTING leads the port to a container before.",
  source:
    'Docker documentation, "Packet filtering and firewalls" (Docker and ufw; DOCKER-USER); fail2ban/fail2ban#2700',
  remedy:
    'Put the rule where these connections pass: into the chain DOCKER-USER of iptables, with the port of the container, or with the published one as -m conntrack --ctorigdstport PORT --ctdir ORIGINAL (fail2ban: chain = DOCKER-USER in the jail; for ufw: ufw route deny, or ufw-docker). Or publish the port on an address that only those reach who may (-p 127.0.0.1:PORT:PORT).',
} as const;

/** Nobody serves it, and no rule names it. */
const UNNAMED_PORT = 9;

/** Rules that stop what is sent to this port of the host, and nothing that is sent to others. */
function ownStops(host: DockerHost, protocol: 'tcp' | 'udp', port: number): BookOutcome[] {
  const stops = (to: number): BookOutcome[] =>
    walks(host, 'filter', 'INPUT', { in: outside(host), protocol, port: to, isToHost: true })
      .flat()
      .filter((one) => isStop(one) && !one.isPolicy);
  const others = new Set(stops(UNNAMED_PORT).map(({ text }) => text));
  return stops(port).filter(({ text }) => !others.has(text));
}

export const askedOfInput: Rule<DockerFacts> = {
  meta,
  judge: (facts) =>
    reachableFromOutside(facts).flatMap((port): Occurrence[] => {
      const { host } = facts;
      if (!host || !translations(host, port).some(({ verdict }) => verdict === 'translate')) return [];
      const [first, ...others] = ownStops(host, port.protocol, port.hostPort);
      if (first === undefined) return [];
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
      return [
        occurrence(
          meta,
          'info',
          `${first.text}${more} is in the host's chain INPUT, by which nothing comes to ${publishedText(port)} from other machines: whom it should stop gets in.`,
          [onHost(first.book.result.command, `${first.text}\n${first.packets} packets`)],
        ),
      ];
    }),
};
