import { type Advice, advice, kubectl, NODE, nettools, TARGET } from '../../../model/advice.ts';
import type { SeenIcmpError } from '../../../parsers/tcpdump-icmp.ts';
import { EMBEDDED_DNS } from '../../shared/embedded-dns.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { portHolder } from '../port-holder.ts';
import { behind, countServers, enumerate, isNodeLocal, ofAll, quoteQueries } from '../wording.ts';

const meta = {
  id: 'NT-DNS-002',
  title: 'The name server refuses queries',
  severities: ['critical'],
  meaning:
    'An ICMP "port unreachable" answers the query at once: nothing listens on UDP 53 there, the Service has no ready endpoint, or a firewall rejects it. Its sender shows which, and so do the servers behind the Service: if they answer when asked directly, the target\'s own node refuses.',
  rule: 'Every name server of resolv.conf that was queried fails, at least one of them with "connection refused".',
  source: 'RFC 1122, 4.1.3.1: port unreachable is passed on to the application',
  remedy: advice`Check that the DNS Service has ready endpoints (${kubectl`-n kube-system get endpointslices -l k8s-app=kube-dns`}) and that its pods listen on the port they declare.`,
  explains: { depth: 920, target: ['NT-DNS-001', 'NT-DNS-009'] },
  remedyOutside:
    'Nothing listens on port 53 there: check that the name server in /etc/resolv.conf is the right one and is running (for 127.0.0.53: systemctl status systemd-resolved).',
} as const;

export const refused: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const asked = facts.servers.filter((s) => s.udp.reach !== 'unasked');
    const hit = asked.filter((s) => s.udp.reach === 'refused');
    if (hit.length === 0 || asked.some((s) => s.udp.reach === 'answers' || s.udp.reach === 'garbled'))
      return [];
    const queries = hit.flatMap((s) => s.udp.queries);
    const count = queries.filter((q) => q.outcome === 'refused').length;
    const { text, seen, remediation } = reason(facts, hit);
    return [
      occurrence(
        meta,
        'critical',
        `${enumerate(hit.map((s) => s.label))} refused ${count} of ${queries.length} UDP queries at once (ICMP port unreachable)${text}.`,
        [
          ...quoteQueries(
            queries.filter((q) => q.outcome === 'refused'),
            2,
          ),
          ...(seen
            ? [{ command: ['tcpdump', '-nn', '-i', 'any', 'icmp or icmp6'], excerpt: seen.line }]
            : []),
          ...answeringDirectly(facts, hit).flatMap((e) => quoteQueries(e.udp.queries, 1)),
        ],
        remediation === undefined ? {} : { remediation },
      ),
    ];
  },
};

interface Reason {
  readonly text: string;
  /** The message that tells. */
  readonly seen?: SeenIcmpError;
  readonly remediation?: Advice;
}

function isLoopbackAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Servers that answer when asked by their own address, though the one that stands for them refuses. */
function answeringDirectly(facts: DnsFacts, hit: readonly ServerFacts[]): ServerFacts[] {
  for (const server of hit) {
    const { answering, failing } = isNodeLocal(server.address)
      ? { answering: facts.endpoints.filter((e) => e.udp.reach === 'answers'), failing: [] }
      : behind(facts, server);
    if (answering.length > 0 && failing.length === 0) return answering;
  }
  return [];
}

function reason(facts: DnsFacts, hit: readonly ServerFacts[]): Reason {
  const empty = hit.find((s) => s.service !== undefined && s.service.endpoints.length === 0)?.service;
  const about = (servers: readonly ServerFacts[]): SeenIcmpError | undefined =>
    facts.icmp.find((e) => servers.some((s) => s.address === e.destination));
  // What is translated for a Service comes back with the Service's address as its sender, whoever sent it.
  const direct = about(facts.endpoints.filter((e) => hit.some((s) => s.service === e.service)));
  const seen = direct ?? about(hit);
  const known = seen ? { seen } : {};
  if (empty) return { text: `: Service ${empty.name} has no ready endpoint`, ...known };
  if (seen && facts.input.pod.addresses.includes(seen.sender)) {
    return {
      text: `, sent by ${seen.sender}, the target itself: a REJECT rule in its own network namespace`,
      seen,
    };
  }
  if (hit.every((s) => s.address === EMBEDDED_DNS)) {
    return {
      text: ": it is Docker's own name server, and the rules in the container's network that redirect to it (DOCKER_OUTPUT in its nat table) are gone, as after a firewall was started or flushed there, or the engine no longer listens behind them",
      remediation: advice`Check whether the rules exist (${nettools`run ${TARGET} -- iptables-save -t nat`}, or iptables-legacy-save), and restart the container: the engine writes them at its start. Some engines do not start that server at all if the host's resolv.conf has a malformed line.`,
      ...known,
    };
  }
  const answering = answeringDirectly(facts, hit);
  const [holder] = hit.flatMap(({ address }) => portHolder(facts, address) ?? []);
  if (holder && answering.length === 0)
    return {
      text: `: ${holder.whose}, and ${holder.who}${holder.isHeld ? ': a packet filter rejects what is sent to it' : ''}`,
      ...known,
    };
  if (answering.length > 0) return { ...onOwnNode(hit, answering, seen), ...known };
  if (!facts.input.pod.hostNetwork && hit.every(({ address }) => isLoopbackAddress(address)))
    return {
      text: ": a loopback address is the target's own, and nothing in its network listens there: resolv.conf is that of a machine that runs a resolver of its own (127.0.0.53 is systemd-resolved's)",
      remediation: advice`Give the target servers that it reaches. Of a node's file for pods: the kubelet's resolvConf has to be /run/systemd/resolve/resolv.conf, which names the real servers. Of a container: docker run --dns, "dns" in daemon.json, and no /etc/resolv.conf of the host mounted into it.`,
      ...known,
    };
  if (!seen) return { text: '' };
  if (seen.sender !== seen.destination) {
    return {
      text: `, sent by ${seen.sender}, which is not the server: a firewall on the way rejects it`,
      seen,
    };
  }
  if (!direct && hit.some((s) => s.service !== undefined)) {
    return {
      text: ', sent from the address of the Service: its endpoints refuse, or a firewall on the way does',
      seen,
    };
  }
  return {
    text: `, sent by ${seen.sender}, the server itself: nothing listens there, or its own firewall rejects it`,
    seen,
  };
}

/**
 * The servers run and are in reach, so what refuses is on the target's own node, where a Service's address ends. An
 * error in the name of the address comes from whoever has it, or from where it was translated to; that of a rule has the
 * address of the node where nothing was translated, and else the Service's too.
 */
function onOwnNode(
  hit: readonly ServerFacts[],
  answering: readonly ServerFacts[],
  seen: SeenIcmpError | undefined,
): Pick<Reason, 'text' | 'remediation'> {
  const [first] = hit;
  const address = first?.address ?? '';
  const name = answering[0]?.service?.name ?? 'the DNS Service';
  const they = `the ${countServers(answering.length)}${ofAll(
    answering.length,
    answering.map((e) => e.service),
  )} behind ${name} ${answering.length === 1 ? 'answers' : 'answer'} when asked directly, so the target's own node refuses`;
  const cache = `the node's DNS cache (NodeLocal DNSCache) is gone and left its address behind`;
  const stale = 'stale kube-proxy rules there point to a server that is gone, or to none';
  const why = isNodeLocal(address)
    ? cache
    : seen === undefined
      ? `${cache}, or ${stale}`
      : seen.sender === seen.destination
        ? `${cache}, stale kube-proxy rules there point to a server that is gone, or a rule there rejects it`
        : `sent by ${seen.sender}, by a rule: kube-proxy's for a Service without endpoints, or a firewall's`;
  return {
    text: `: ${they} (${why})`,
    remediation: advice`Check on the target's node whose address it is: ${nettools`run ${NODE} -- ip route get ${address}`}\nIf that says "local", check the pod of the node's DNS cache: ${kubectl`-n kube-system get pods -l k8s-app=node-local-dns -o wide`}\nOtherwise find the rule that rejects (${nettools`run ${NODE} -- nft list ruleset`}), and restart kube-proxy there if the rule is its own.`,
  };
}
