import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { formatMs, quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { portText } from '../detours.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { type LateGreeting, lateGreeting } from '../greetings.ts';
import { isLed, nameOf } from '../path.ts';

const meta = {
  id: 'NT-PROXY-004',
  title: "A sidecar's proxy waits for the client to speak first",
  severities: ['warning'],
  meaning:
    'The proxy of a service mesh finds the protocol out by the first bytes of the client. In MySQL, SMTP, FTP, SSH and some others the client waits for the server, so that both wait, until the proxy gives up: Linkerd after 10 s, for each connection; Istio, where the port has no declared protocol, perhaps never.',
  rule: 'The server of a port whose protocol lets it speak first (by its number, or by the name or appProtocol of the Service) sends its first bytes 1 s after the connection or later, or none in 11 s; and as the user whom the rules that lead to the proxy spare, the same connection has them within 1 s. Where that could not be tried: they come after 9.5 to 10.9 s, and a rule of the target leads it to a proxy, or the pod of the target or the one behind it has the container linkerd-proxy.',
  source:
    'Linkerd: "TCP Proxying and Protocol Detection" (up to 10 seconds, outbound and inbound); Istio: "Protocol Selection", server-first protocols, protocolDetectionTimeout',
  remedy: advice`Tell the mesh that the port is not HTTP. Linkerd: the annotation config.linkerd.io/opaque-ports with the port, on the Service and on the pods behind it (or their namespace); for a server outside of the cluster config.linkerd.io/skip-outbound-ports on the client's pod. Istio: name the port of the Service tcp-NAME or mysql-NAME, or set its appProtocol to tcp or mysql; for a server outside a ServiceEntry with protocol TCP.`,
  explains: { depth: 836, subject: ['NT-LAT-007'] },
} as const;

/** As late as Linkerd's proxy is, of a connection that one may have taken. */
export function isLinkerds(
  { isAsLinkerd, isServers }: LateGreeting,
  path: PathFacts,
  { sidecar }: Pick<FirewallFacts, 'sidecar'>,
): boolean {
  const isTaken = isLed(path) || sidecar === LINKERD || path.greeting?.sidecar?.container === LINKERD;
  return isAsLinkerd && !isServers && isTaken;
}

const LINKERD = 'linkerd-proxy';

function judge(path: PathFacts, facts: FirewallFacts): Occurrence[] {
  const { greeting, cause, detour, port } = path;
  const late = lateGreeting(greeting);
  if (greeting === undefined || late === undefined || cause.kind !== 'open') return [];
  if (late.around === undefined && !isLinkerds(late, path, facts)) return [];
  const own = facts.sidecar === LINKERD ? 'the target' : undefined;
  const behind = greeting.sidecar?.container === LINKERD ? greeting.sidecar.pod : undefined;
  const came = late.isSilent
    ? `had no byte of the server in ${formatMs(late.ms)}`
    : `had the first bytes of the server after ${formatMs(late.ms)}`;
  const way =
    detour === undefined ? '' : `, which a rule of the target leads to its own ${portText(detour.rule)},`;
  const why =
    late.around === undefined
      ? `that is how long Linkerd's proxy waits for the client${isLed(path) ? '' : `, and ${own ?? behind} has one (container ${LINKERD})`}`
      : `past the proxy, as user ${late.around.uid}, they came after ${formatMs(late.around.ms)}`;
  return [
    occurrence(
      meta,
      'warning',
      `A connection to ${nameOf(path)}${way} ${came}, and ${why}: in ${greeting.protocol} the server speaks first, and the proxy waits for the client.`,
      [
        ...quote(greeting.result, /^(around )?(ok|first|closed|silent|user) \d+$/, 6),
        ...(detour === undefined
          ? []
          : [
              {
                command: detour.rule.source === 'nft' ? ['nft', 'list', 'ruleset'] : ['iptables-save', '-c'],
                excerpt: detour.rule.text,
              },
            ]),
      ],
      { subject: path.destination.label, remediation: remedyFor(path, port, isIstios(late, path, facts)) },
    ),
  ];
}

/** The user that Istio's rules spare (istio-proxy). */
const ISTIO_USER = 1337;

function isIstios(
  { around }: LateGreeting,
  { greeting }: PathFacts,
  { sidecar }: Pick<FirewallFacts, 'sidecar'>,
): boolean {
  const own = sidecar ?? greeting?.sidecar?.container;
  return own === undefined ? around?.uid === ISTIO_USER : own === 'istio-proxy';
}

/** With the command for the Service that was asked for; whether its pods are anybody's to change is not known. */
function remedyFor({ destination: { ref }, greeting }: PathFacts, port: number, ofIstio: boolean): Advice {
  // Of Istio it is the name of the port or its appProtocol that has to say so, which no annotation does.
  if (ref?.kind !== 'service' || ofIstio) return meta.remedy;
  const isBehind = greeting?.sidecar !== undefined;
  return advice`${meta.remedy}${isBehind ? ' The pods behind it have a sidecar of their own: annotate their template too.' : ''}\n${kubectl`annotate service ${ref.name} -n ${ref.namespace} config.linkerd.io/opaque-ports=${port}`}`;
}

export const waitingProxy: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
