import type { Occurrence } from '../../../model/finding.ts';
import { ALL_TRAFFIC } from '../../shared/effects.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { engineName } from '../engine-words.ts';
import type { DockerFacts, DockerHost } from '../facts.ts';
import { wayTo } from '../host.ts';
import { isReached, onHost, reachesOutside } from '../passage.ts';

const titleFor = (engine: string): string => `The ${engine} host does not forward packets`;

const meta = {
  id: 'NT-DKR-011',
  title: titleFor('Docker'),
  severities: ['critical'],
  meaning:
    'The Docker host is the router of its containers: packets that come in through the bridge leave through another interface. With forwarding off, the kernel drops them silently. Containers on one network still reach each other and the host, but nothing gets out, and other machines reach no published port (except through docker-proxy).',
  rule: "On the host, net.ipv4.conf.BRIDGE.forwarding is 0 for the bridge of one of the container's networks that is not internal; or net.ipv4.conf.IFACE.forwarding is 0 for the interface by which the host reaches a DEST that does not answer: its answers come in there.",
  source:
    'Linux: Documentation/networking/ip-sysctl.rst (ip_forward); Docker documentation, "Packet filtering and firewalls" (Docker turns it on when it starts)',
  remedy:
    'On the host: sysctl -w net.ipv4.ip_forward=1, and persist it in /etc/sysctl.d. Then find what turned it off after the engine started: a hardening profile, a restart of the network service (systemd-networkd turns it off for each link that has no IPForward= or IPv4Forwarding=), or sysctl --system with an older file.',
  explains: { depth: 210, target: [...ALL_TRAFFIC, 'NT-DKR-013'] },
} as const;

/** What a container sends goes out by an interface that does not forward: the kernel asks that of the one it came in by. */
function uplinksOff(
  { tried, links, input }: DockerFacts,
  host: DockerHost,
  values: ReadonlyMap<string, boolean>,
): Occurrence[] {
  for (const one of tried) {
    const way = wayTo(host, one.address);
    if (isReached(one) || way === 'host' || !('is' in way)) continue;
    if (values.get(way.is) !== false || links.some(({ bridge }) => bridge === way.is)) continue;
    const name = way.is.replace(/[^\w-]/g, '\\$&');
    return [
      occurrence(
        meta,
        'critical',
        `The ${engineName(input)} host does not forward what comes in on ${way.is} (forwarding is 0 there), by which it reaches ${one.destination.label}: what the container sends gets out, and no answer gets back.`,
        quote(host.results.forwarding, new RegExp(`/conf/(all|${name})/`), 2).map(({ command, excerpt }) =>
          onHost(command, excerpt),
        ),
        { title: titleFor(engineName(input)) },
      ),
    ];
  }
  return [];
}

export const forwardingOff: Rule<DockerFacts> = {
  meta,
  judge: (facts) => {
    const { host, links, input } = facts;
    const values = host?.forwarding?.inet;
    if (!host || !values || reachesOutside(facts)) return [];
    const off = links.filter(({ network, bridge }) => !network.internal && values.get(bridge) === false);
    if (off.length === 0) return uplinksOff(facts, host, values);
    const all = values.get('all') === false;
    const where = all
      ? 'net.ipv4.ip_forward is 0'
      : `forwarding is 0 on ${off.map(({ bridge }) => bridge).join(', ')}`;
    const names = off.map(({ network }) => network.name).join(', ');
    const shown = ['all', ...off.map(({ bridge }) => bridge)].map((name) => name.replace(/[^\w-]/g, '\\$&'));
    return [
      occurrence(
        meta,
        'critical',
        `The ${engineName(input)} host does not forward packets (${where}): nothing leaves network ${names}, and other machines do not get in.`,
        quote(host.results.forwarding, new RegExp(`/conf/(${shown.join('|')})/`), 4).map(
          ({ command, excerpt }) => onHost(command, excerpt),
        ),
        { title: titleFor(engineName(input)) },
      ),
    ];
  },
};
