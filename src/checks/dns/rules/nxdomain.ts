import { type Advice, advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import type { Quote } from '../../../model/report.ts';
import { quote, quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { AbsenceReason, DnsFacts, KnownService, NameFacts } from '../facts.ts';
import { isEngines, type PortHolder, portHolder } from '../port-holder.ts';
import { isAnswered, quoteQueries } from '../wording.ts';
import { isDisputed } from './disagreement.ts';
import { unheard } from './unheard-service.ts';

interface Reason extends AbsenceReason {
  readonly remediation?: Advice;
  readonly quotes?: readonly Quote[];
  /** It holds where the name exists, too. */
  readonly isAlias?: true;
}

const meta = {
  id: 'NT-DNS-005',
  title: 'The name does not exist',
  severities: ['critical', 'info'],
  meaning:
    'The name servers work and say that the name does not exist or has no address: it is misspelled, its Service or record is missing, or it is in another namespace than the one the search list begins with.',
  rule: "A name that was asked for, or the host of a DEST, has no address, each of its expansions was answered, and each answer is NXDOMAIN or empty, with other flags too; and it is not a Service that the API has (NT-DNS-021), unless that is an ExternalName for an address. Of a name of one word that the target asks at an address of this machine, it says who has port 53 there, unless that is an engine's own server; and where the server says that the domain at its top (com., org., …) does not exist either, it says that. If the image has no means to call getaddrinfo, it is an info.",
  source: 'RFC 2308: NXDOMAIN and NODATA',
  remedy: advice`Check the spelling and, for a Service, its namespace (${kubectl`get services -A`}); from another namespace its name is NAME.NAMESPACE.`,
  remedyOutside: 'Check the spelling, and the search domains in /etc/resolv.conf.',
} as const;

export const nxdomain: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const told = unheard(facts);
    return facts.names
      .filter((one) => one.origin !== 'default' && !told.has(one.name) && !isDisputed(facts, one))
      .flatMap((one) => judge(one, reasonOf(facts, one), otherServer(facts, one)));
  },
};

/** Every name that the resolver tries was answered, and none has an address. */
export function isMissing({ candidates, resolver }: NameFacts): boolean {
  const isGone = (answers: NameFacts['candidates'][number]['answers']): boolean => {
    const answered = answers.filter(isAnswered);
    return (
      answered.length > 0 &&
      answered.every(
        (a) =>
          a.addresses.length === 0 &&
          !a.truncated &&
          !a.loops &&
          (a.rcode === 'NXDOMAIN' || a.rcode === 'NOERROR'),
      )
    );
  };
  // A short name in the files of the target never reaches a server.
  if (resolver?.outcome === 'resolved') return false;
  return candidates.length > 0 && candidates.every((c) => isGone(c.answers));
}

/** Names of one word are those of containers: who has the port of the engine's own server knows none of them. */
function otherServer(facts: DnsFacts, { name, candidates }: NameFacts): PortHolder | undefined {
  if (facts.machine?.isTarget !== false || name.includes('.')) return undefined;
  const said = candidates.flatMap(({ answers }) => answers).filter(isAnswered);
  const holder = portHolder(facts, said[0]?.server ?? '');
  return holder?.program === undefined || isEngines(holder) ? undefined : holder;
}

const WITHOUT_INTERNET = advice`If names of the internet should resolve here, see what answers in place of the server's forwarder: in CoreDNS a hosts, template, file or rewrite plugin for the zone "." denies what it does not know unless it has fallthrough, and stands before forward whatever the order in the Corefile (${kubectl`-n kube-system get configmap coredns -o yaml`}); in others an upstream that knows its own zones alone. In a network without the internet that is as it should be: the name has to be one of its own.`;

const OTHER_POLICY = advice`Set dnsPolicy: ClusterFirstWithHostNet in the pod's spec (ClusterFirst, where it is Default and the pod has a network of its own), and make the pod anew.`;

/** An alias for an address is a name that has none, however it is answered. */
function ofAlias({ namespace, name, alias = '' }: KnownService): Reason {
  return {
    text: `it is Service ${namespace}/${name}, an alias (ExternalName) for ${alias}, which is an address: DNS takes it for a name, which nobody has`,
    isUnready: false,
    isAlias: true,
    remediation: advice`Make it a Service of type ClusterIP without a selector, and write its endpoint by hand: an EndpointSlice with the label kubernetes.io/service-name: ${name}, the address ${alias} and the port. Or let clients use the address itself.\n${kubectl`edit service -n ${namespace} ${name}`}`,
    quotes: [quoteApi(kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.externalName}`, alias)],
  };
}

/** A Service of the cluster, and a pod that asks its node's servers. */
function reasonOf({ input, denied }: DnsFacts, { name }: NameFacts): Reason | undefined {
  const service = input.known?.[name];
  if (service?.alias !== undefined) return ofAlias(service);
  const told = input.reasons?.[name];
  const top = denied.tops.find((one) => name.toLowerCase().replace(/\.$/, '').endsWith(`.${one}`));
  if (told === undefined && service === undefined && top !== undefined)
    return {
      text: `the same server says that ${top}. does not exist either, which does: it denies all names of the internet, this one among them`,
      isUnready: false,
      remediation: WITHOUT_INTERNET,
      quotes: quote(denied.result, /status: NXDOMAIN/, 1),
    };
  if (told !== undefined || service === undefined) return told;
  const { hostNetwork, policy } = input.pod;
  if (policy !== 'Default' && !(hostNetwork && policy === 'ClusterFirst')) return undefined;
  const why =
    policy === 'Default'
      ? 'the pod asks the servers of its node (dnsPolicy Default)'
      : "the pod uses its node's network, in which dnsPolicy ClusterFirst means the servers of the node";
  return {
    text: `it is Service ${service.namespace}/${service.name} of the cluster, and ${why}, which do not know it`,
    isUnready: false,
    remediation: OTHER_POLICY,
  };
}

/** @param reason what the API says of it; @param holder who answers in place of an engine's own server */
function judge(name: NameFacts, reason: Reason | undefined, holder: PortHolder | undefined): Occurrence[] {
  if (!isMissing(name)) return [];
  const { candidates } = name;
  const answers = candidates.flatMap((c) => c.answers);
  const exists = candidates.find((c) => c.answers.some((a) => a.rcode === 'NOERROR'));
  return [
    occurrence(
      meta,
      // Without getaddrinfo of the target, a line of /etc/hosts may know it.
      name.resolver === undefined ? 'info' : 'critical',
      exists
        ? `${exists.name} exists but has neither an A nor an AAAA record${reason?.isAlias === true ? `: ${reason.text}` : ''}.`
        : `${name.name} does not exist: ${candidates.length === 1 ? 'the name was' : `all ${candidates.length} names that the resolver tries were`} answered with NXDOMAIN, which costs ${2 * candidates.length} queries${reason === undefined ? (holder ? `: ${holder.whose}, and ${holder.who}: it is not the container engine's own server (aardvark-dns, dockerd), which alone knows the names of containers` : multicast(name.name)) : `: ${reason.text}`}.`,
      [
        ...quoteQueries([...answers].reverse(), 2),
        ...(reason?.quotes ?? []),
        ...(holder ? [holder.quote] : []),
      ],
      { subject: name.name, ...(holder ? { remediation: FREE_THE_PORT } : remedyPart(reason)) },
    ),
  ];
}

const FREE_THE_PORT =
  "If it is the name of a container: keep that program off the address. dnsmasq: bind-interfaces with interface= or except-interface=; systemd-resolved: no DNSStubListenerExtra for it; others: listen on single addresses and not on 0.0.0.0. For podman, dns_bind_port in containers.conf gives the engine's server another port instead. Then stop and start the containers of that network, and the engine's own server starts. Names of other hosts: check the spelling, and the search domains in /etc/resolv.conf.";

/** Names of a link are asked for by multicast (RFC 6762, 3), which containers take no part in. */
function multicast(name: string): string {
  return /^(?!cluster\.)[^.]+\.local\.?$/i.test(name)
    ? ": names in .local are resolved by multicast (mDNS) on the host's link, which a container does not see, and not by DNS"
    : '';
}

/** Members of a cluster that wait for each other's names never get ready. */
function remedyPart(reason: Reason | undefined): { remediation?: Advice } {
  if (reason?.remediation !== undefined) return { remediation: reason.remediation };
  return reason?.isUnready === true
    ? {
        remediation: advice`Find out why the pod is not ready (${kubectl`describe pod`}). If its readiness depends on the names of its peers, set publishNotReadyAddresses: true on the headless Service.`,
      }
    : {};
}
