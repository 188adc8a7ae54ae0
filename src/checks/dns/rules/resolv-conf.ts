import type { Occurrence } from '../../../model/finding.ts';
import { MAX_SERVERS } from '../../../parsers/resolv-conf.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts } from '../facts.ts';
import { enumerate, isNodeLocal, quoteResolvConf, strangersOf } from '../wording.ts';
import { isMissing } from './nxdomain.ts';

const meta = {
  id: 'NT-DNS-010',
  title: 'resolv.conf does not name the right servers',
  severities: ['critical', 'warning', 'info'],
  meaning:
    "The target's resolv.conf has no server, more than the C library uses, or servers that know nothing of the cluster. A resolver takes the first answer it gets: a server that says NXDOMAIN for a Service's name ends the search, and the next server is never queried.",
  rule: "resolv.conf has no nameserver, or more than 3 with those that dnsConfig adds; or the pod should use cluster DNS (dnsPolicy ClusterFirst or None) and a server is not an address of a DNS Service in kube-system. It is critical if none of them is and none answers. Or it is Docker's own file with public servers instead of the host's loopback ones: a warning for a name that they do not know, critical if none answers, otherwise an info. For a pod in its node's network with dnsPolicy ClusterFirst, which then means the node's servers, it is an info.",
  source: 'resolv.h: MAXNS 3; Kubernetes: Customizing DNS Service',
  remedy:
    'Keep dnsPolicy ClusterFirst, and make the cluster DNS forward other zones (a server block in the Corefile) instead of adding servers to dnsConfig.',
  remedyOutside: 'Put the servers that matter first: the resolver uses only three (resolv.conf(5)).',
  explains: { depth: 905, subject: ['NT-DNS-001', 'NT-DNS-002', 'NT-DNS-015'] },
} as const;

export const resolvConf: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    if (facts.noResolvConf !== undefined) return [];
    return [...noServer(facts), ...tooMany(facts), ...notTheClusters(facts), ...dockersDefault(facts)];
  },
};

function noServer(facts: DnsFacts): Occurrence[] {
  if (facts.resolvConf.servers.length > 0 || facts.isDnsServer) return [];
  const { policy, hostNetwork } = facts.input.pod;
  if (policy === 'Default' && hostNetwork) {
    return [
      occurrence(
        meta,
        'info',
        "resolv.conf names no server, and it is the machine's own file: its resolver queries 127.0.0.1.",
        quoteResolvConf(facts),
        { remediation: 'If the machine should resolve names, add name servers to its /etc/resolv.conf.' },
      ),
    ];
  }
  const isNodes = policy === 'Default' || (hostNetwork && policy === 'ClusterFirst');
  return [
    occurrence(
      meta,
      isNodes ? 'info' : 'warning',
      isNodes
        ? "resolv.conf names no server: the pod uses its node's, and the node has none; the resolver queries 127.0.0.1."
        : 'resolv.conf names no server, so the resolver queries 127.0.0.1 and no name resolves.',
      quoteResolvConf(facts),
      {
        remediation: isNodes
          ? 'If the pod needs names, set dnsPolicy: ClusterFirst, or ClusterFirstWithHostNet with hostNetwork.'
          : 'With dnsPolicy None the pod needs dnsConfig.nameservers; otherwise use dnsPolicy ClusterFirst.',
      },
    ),
  ];
}

function tooMany(facts: DnsFacts): Occurrence[] {
  const { servers } = facts.resolvConf;
  const { policy, configServers } = facts.input.pod;
  // The kubelet passes three on and leaves the rest out.
  const dropped = policy === 'None' ? [] : configServers.filter((s) => !servers.includes(s));
  const unused = [...servers.slice(MAX_SERVERS), ...dropped];
  if (unused.length === 0) return [];
  return [
    occurrence(
      meta,
      'warning',
      `${servers.length + dropped.length} name servers are configured, but a resolver uses only ${MAX_SERVERS}: ${enumerate(unused)} ${unused.length === 1 ? 'is' : 'are'} never queried.`,
      quoteResolvConf(facts),
      {
        remediation: "Configure at most three name servers; those in dnsConfig come after the cluster's own.",
        subject: enumerate(unused),
      },
    ),
  ];
}

function notTheClusters(facts: DnsFacts): Occurrence[] {
  const services = facts.input.services.value ?? [];
  const { policy, hostNetwork } = facts.input.pod;
  if (services.length === 0 || policy === 'Default') return [];
  const known = new Set(services.flatMap((s) => s.addresses));
  const foreign = facts.resolvConf.servers.filter((s) => !known.has(s) && !isNodeLocal(s));
  if (foreign.length === 0) return [];
  const service = services[0]?.name;
  if (hostNetwork && policy === 'ClusterFirst') {
    return [
      occurrence(
        meta,
        'info',
        `The pod uses its node's network, so dnsPolicy ClusterFirst gives it the node's servers (${enumerate(foreign)}): names of Services do not resolve.`,
        quoteResolvConf(facts),
        { remediation: 'If it needs names of Services, set dnsPolicy: ClusterFirstWithHostNet.' },
      ),
    ];
  }
  if (foreign.length < facts.resolvConf.servers.length) {
    return [
      occurrence(
        meta,
        'warning',
        `${enumerate(foreign)} ${foreign.length === 1 ? 'is' : 'are'} not the cluster's (${service}: ${enumerate([...known])}): lookups that reach ${foreign.length === 1 ? 'it' : 'them'} do not find names of Services.`,
        quoteResolvConf(facts),
        // About these alone: they do not explain why others fail.
        { subject: enumerate(foreign) },
      ),
    ];
  }
  const isDead = isAllDead(facts);
  return [
    occurrence(
      meta,
      isDead ? 'critical' : 'warning',
      `None of the name servers (${enumerate(foreign)}) is the cluster's (${service}: ${enumerate([...known])})${isDead ? ', and none of them answers: no name resolves' : ': names of Services resolve only if they forward them'}.`,
      quoteResolvConf(facts),
      { remediation: rightServers(facts, foreign, [...known]) },
    ),
  ];
}

/** No server gives a sign of life. */
function isAllDead({ servers }: DnsFacts): boolean {
  return servers.every((s) => DEAD.has(s.udp.reach) && strangersOf(s).length === 0);
}

const DEAD = new Set(['silent', 'refused', 'unreachable']);

/** What the engine writes where the host's resolv.conf has loopback addresses only (moby, resolvconf.go). */
const DOCKERS_DEFAULT: readonly string[] = [
  '8.8.8.8',
  '8.8.4.4',
  '2001:4860:4860::8888',
  '2001:4860:4860::8844',
];

const DOCKERS_REMEDY =
  'Give the engine the servers of your network: set "dns": ["ADDRESS"] in /etc/docker/daemon.json on the host and restart Docker; or, for one container, docker run --dns ADDRESS or dns: in a Compose file. On any network but the default bridge (docker network create) the engine uses the host\'s own servers.';

function dockersDefault(facts: DnsFacts): Occurrence[] {
  const { servers, isDockersDefault } = facts.resolvConf;
  const told = facts.input.docker;
  const isLike =
    told?.servers.length === 0 &&
    servers[0] === DOCKERS_DEFAULT[0] &&
    servers.every(isDockers) &&
    servers.length > 1;
  if (!isDockersDefault && !isLike) return [];
  const whose = `${enumerate(servers)}, public servers that Docker ${isDockersDefault ? 'chose' : 'chooses'} because the host's resolv.conf names none that a container could use (127.0.0.0/8)${isDockersDefault ? '' : ', unless "dns" in daemon.json names them'}`;
  const missing = facts.names.filter((name) => name.origin !== 'default' && isMissing(name));
  const [severity, text] = isAllDead(facts)
    ? (['critical', 'none of them answers'] as const)
    : missing.length === 0
      ? (['info', 'they know no name of a private network'] as const)
      : ([
          'warning',
          `they do not know ${enumerate(missing.map(({ name }) => name))}, which servers of a private network may know`,
        ] as const);
  return [
    occurrence(meta, severity, `resolv.conf names ${whose}: ${text}.`, quoteResolvConf(facts), {
      remediation: DOCKERS_REMEDY,
    }),
  ];
}

function isDockers(server: string): boolean {
  return DOCKERS_DEFAULT.includes(server);
}

/** Where servers that are not the cluster's come from, and what belongs there. */
function rightServers(facts: DnsFacts, foreign: readonly string[], known: readonly string[]): string {
  const { policy, configServers } = facts.input.pod;
  const right = known[0] ?? '';
  return policy === 'None' || foreign.some((server) => configServers.includes(server))
    ? `The pod's dnsConfig names them: put ${right} first there, or use dnsPolicy: ClusterFirst and remove them.`
    : `The kubelet of the pod's node wrote them: set its clusterDNS to [${right}] (/var/lib/kubelet/config.yaml, or --cluster-dns), restart it, and recreate the pod.`;
}
