import { type Advice, advice, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { type LateGreeting, lateGreeting } from '../greetings.ts';
import { isLed, nameOf, sourceOf } from '../path.ts';
import { isLinkerds } from './waiting-proxy.ts';

const meta = {
  id: 'NT-LAT-007',
  title: 'A server takes long for its first bytes',
  severities: ['warning'],
  meaning:
    "The connection is made quickly, and the server, which speaks first in this protocol, is silent for a while: every client waits that long. Mostly the server looks up the name of the client's address (MySQL, SSH with UseDNS or host rules, FTP and mail servers), and its name servers do not answer for the addresses of pods or containers; mail and FTP servers may ask the client back by ident (port 113), which a firewall drops. Or the server has no thread or process left for it, or waits for the storage.",
  rule: 'The server of a port whose protocol lets it speak first (by its number, or by the name or appProtocol of the Service) takes the connection, and its first bytes come 1 s later or after that, or none in 11 s. What a proxy of the target or of the pod behind it causes is NT-PROXY-004.',
  source:
    'MySQL: "DNS Lookups and the Host Cache"; sshd_config(5), UseDNS; Postfix: smtpd_peername_lookup; resolv.conf(5): 5 s for each name server that is silent; the limit of 1 s is ours',
  remedy:
    "On the server, time a look-up of the client's address (time getent hosts ADDRESS). If it takes as long, turn it off where nothing needs it (MySQL: skip_name_resolve; sshd: UseDNS no; vsftpd: reverse_lookup_enable=NO; Postfix: smtpd_peername_lookup = no), or have its name servers answer for the addresses of its clients (a reverse zone, or NXDOMAIN at once). Else look at its load, and at what it waits for.",
  explains: { depth: 837, subject: ['NT-LAT-006'] },
} as const;

function judge(path: PathFacts, facts: FirewallFacts): Occurrence[] {
  const { greeting, cause } = path;
  const late = lateGreeting(greeting);
  if (greeting?.greeting.value === undefined || late === undefined || cause.kind !== 'open') return [];
  // NT-PROXY-004.
  if (late.around !== undefined) return [];
  if (isLinkerds(late, path, facts)) return [];
  const { connectMs = 0 } = greeting.greeting.value;
  const what = late.isSilent
    ? `the server did not say a word in ${formatMs(late.ms)}`
    : `the server took ${formatMs(late.ms)} for its first bytes`;
  return [
    occurrence(
      meta,
      'warning',
      `${nameOf(path)} takes a connection in ${formatMs(connectMs)}, and ${what}, though in ${greeting.protocol} it speaks first${causeText(late, path, facts)}.`,
      quote(greeting.result, /^(around )?(ok|first|closed|silent|user) \d+$/, 6),
      { subject: path.destination.label, remediation: remedyFor(path) },
    ),
  ];
}

function causeText(late: LateGreeting, path: PathFacts, { rules }: FirewallFacts): string {
  if (isLed(path) && !late.isServers)
    return ': the server, or the proxy that a rule of the target leads the connection to, and which may wait for the client; past that proxy it was not tried';
  // Who may not read rules does not know whether any leads to a proxy.
  if (rules.value === undefined && !late.isServers)
    return ": mostly it looks up the name of the client's address first; or a proxy to which rules of the target lead, which may not be read, waits for the client";
  if (late.isServers) return ': past the proxy of the target it is as late';
  return late.isSilent
    ? ': it hangs, has nobody left for the connection, or another protocol is spoken there'
    : ": mostly it looks up the name of the client's address first";
}

function remedyFor(path: PathFacts): Advice {
  const source = sourceOf(path);
  return source === undefined
    ? meta.remedy
    : advice`${meta.remedy}\n${verbatim`time getent hosts ${source}`}`;
}

export const lateFirstBytes: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
