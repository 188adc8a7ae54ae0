import { type Advice, advice, kubectl, nettools, TARGET } from '../../../model/advice.ts';
import type { Quote } from '../../../model/report.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { EMBEDDED_DNS } from '../../shared/embedded-dns.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts, ServerFacts } from '../facts.ts';
import { portHolder } from '../port-holder.ts';
import { behind, countServers, enumerate, quoteQueries, quoteResolvConf, strangersOf } from '../wording.ts';
import { howItFails } from './partial.ts';

const meta = {
  id: 'NT-DNS-001',
  title: 'No name server replies',
  severities: ['critical', 'info'],
  meaning:
    'No query to any name server of the target is answered: nothing resolves, and each lookup waits for the whole time-out before it fails. The other queries, to the servers behind the Service and over TCP, show which part of the path is broken.',
  rule: 'No UDP query to any name server of resolv.conf is answered within 6 s, none is refused, and nothing comes from another address (NT-DNS-017); at least two queries to each. If only some of the servers behind the Service are silent, it is NT-DNS-009. On a target that is itself a DNS server of the cluster it is an info, since it may never use its own resolv.conf.',
  source: "the resolver's own time-out is 5 s (resolv.conf(5))",
  remedy: advice`Check that the DNS pods are running and ready (${kubectl`-n kube-system get pods -l k8s-app=kube-dns -o wide`}), and whether a NetworkPolicy or a firewall on the way drops UDP 53 (${nettools`firewall ${TARGET} --to IP:53/udp`}).`,
  remedyOutside:
    'Check that the name servers in /etc/resolv.conf are the right ones and are running, and whether a firewall on the way drops UDP 53. With systemd-resolved (127.0.0.53), resolvectl status shows its upstream servers; in a Docker network, 127.0.0.11 forwards to the servers of the host.',
} as const;

/** A line of dig that the image's prober does not print; dig since 9.20 never sees answers from elsewhere. */
const DIGS_OWN = /^;; WHEN: /m;

/** Where no cluster stands behind the servers. */
const ELSEWHERE =
  'Check that the name server is running and listens on port 53, and whether a firewall on the way drops UDP 53; resolv.conf may name one that no longer exists.';

const START_SERVER =
  'Start the name server, or the container again whose engine serves that network (aardvark-dns, dockerd); ss -lnup "sport = :53" shows who has the port now.';

const LET_IN = advice`Look at the INPUT chain of the machine that has the name server's address; for a container's network that is the container's own host: let UDP and TCP 53 in from this network (iptables -I INPUT -i BRIDGE -p udp --dport 53 -j ACCEPT, and the same for tcp; ufw allow in on BRIDGE to any port 53; firewalld: put the bridge into a zone that accepts DNS). The target's own rules: ${nettools`firewall ${TARGET} --to IP:53/udp`}.`;

export const noReply: Rule<DnsFacts> = {
  meta,
  judge: (facts) => {
    const servers = facts.servers.filter((s) => s.udp.reach !== 'unasked');
    // Those whose answers come from elsewhere are no silent ones (NT-DNS-017).
    const asked = servers.filter((s) => strangersOf(s).length === 0);
    const isDead =
      asked.length > 0 && servers.every((s) => s.udp.reach === 'silent' || s.udp.reach === 'unreachable');
    // Silence may be the one replica's that was asked each time; that there is no way to the server is not.
    if (!isDead || asked.some((s) => s.udp.reach === 'silent' && isMixed(facts, s))) return [];
    const tries = asked.reduce((sum, s) => sum + s.udp.queries.length, 0);
    const evidence = [
      ...asked.flatMap((s) => quoteQueries(s.udp.queries, 1)).slice(0, 2),
      ...sendQuote(facts, asked),
    ];
    const who = enumerate(asked.map((s) => s.label));
    if (facts.isDnsServer && facts.names.every((n) => n.origin === 'default')) {
      return [
        occurrence(
          meta,
          'info',
          `${who} of this DNS server's own resolv.conf answered none of ${tries} queries; that matters only if its Corefile forwards to /etc/resolv.conf.`,
          [...evidence, ...quoteResolvConf(facts)],
          {
            remediation: advice`If the Corefile has "forward . /etc/resolv.conf" (${kubectl`-n kube-system get configmap coredns -o yaml`}), names outside the cluster cannot resolve until this server answers.`,
          },
        ),
      ];
    }
    const { text, remediation } = where(facts, asked);
    return [
      occurrence(
        meta,
        'critical',
        `${who} answered none of ${tries} UDP queries: ${text}.`,
        [...evidence, ...unreachableQuote(asked), ...behindQuotes(facts, asked)],
        remediation === undefined ? {} : { remediation },
      ),
    ];
  },
};

/** Some servers behind the Service answer and others do not: the silent ones are the story. */
function isMixed(facts: DnsFacts, server: ServerFacts): boolean {
  const { answering, failing } = behind(facts, server);
  return answering.length > 0 && failing.length > 0;
}

/** Which part of the chain is broken. */
function where(
  facts: DnsFacts,
  asked: readonly ServerFacts[],
): { readonly text: string; readonly remediation?: Advice } {
  const refusedHere = facts.probe.sends.find((s) => /not permitted|denied/i.test(s.error));
  if (refusedHere) {
    return {
      text: `sending fails with "${refusedHere.error}", so a rule in this network namespace drops it (OUTPUT)`,
      remediation: advice`List the namespace's own rules, and remove the one that drops UDP 53 in OUTPUT.\n${nettools`run ${TARGET} -- nft list ruleset`}\n${nettools`run ${TARGET} -- iptables-legacy-save -c`}`,
    };
  }
  const unreachable = asked.find((s) => s.udp.reach === 'unreachable');
  if (unreachable) {
    const failed = unreachable.udp.queries.filter((q) => q.outcome === 'unreachable');
    const error = failed.find((q) => q.error !== undefined)?.error;
    if (asked.every((s) => s.tcp.reach === 'answers'))
      return {
        text: `sending fails with "${error}", while the same ${asked.length === 1 ? 'server answers' : 'servers answer'} over TCP: the path works, and a firewall on it rejects UDP 53`,
        remediation: advice`Find the rule that rejects UDP 53: on the host of a container it is in INPUT if the name server has an address of the host, and otherwise in FORWARD (${nettools`firewall ${TARGET} --to IP:53/udp`}).`,
      };
    return {
      text: `sending fails with "${error}", so the server cannot be reached at all (see routing and arp)`,
    };
  }
  if (asked.every((s) => s.address === EMBEDDED_DNS)) {
    return {
      text: `it is Docker's own name server, which forwards all but the names of containers, and gets no answer from its upstream servers${dockersServers(facts)}`,
      remediation:
        'Check which servers it forwards to (docker run --dns, "dns" in daemon.json, or the host\'s /etc/resolv.conf), and whether the Docker host reaches them: dig @SERVER NAME.',
    };
  }
  const overTcp = asked.filter((s) => s.tcp.reach === 'answers');
  if (overTcp.length === asked.length) {
    const isDig = overTcp.some(({ tcp }) => tcp.queries.some(({ text }) => DIGS_OWN.test(text)));
    return {
      text: `the same servers answer over TCP, so they are running and the route works: only UDP 53 is dropped on the way${isDig ? ', or answered from another address, which dig does not show' : ''}`,
      remediation: advice`Find what drops UDP 53: a NetworkPolicy that allows TCP 53 only, a security group, or a firewall rule (${nettools`firewall ${TARGET} --to IP:53/udp`}).`,
    };
  }
  for (const server of asked) {
    const { answering, failing } = behind(facts, server);
    if (server.service === undefined) continue;
    if (answering.length > 0) {
      return {
        text: `the ${countServers(answering.length)} behind ${server.service.name} ${answering.length === 1 ? 'answers' : 'answer'} when asked directly, so the Service's address is not translated (kube-proxy or what replaces it)`,
        remediation: advice`Check kube-proxy on the target's node (${kubectl`-n kube-system get pods -o wide`}), and restart it there; ${nettools`service ${TARGET} --to svc/${server.service.name}`} compares the Service with its endpoints.`,
      };
    }
    if (failing.length > 0)
      return {
        text: `neither ${failing.length === 1 ? 'does' : 'do'} the ${countServers(failing.length)} behind ${server.service.name} when asked directly, so the path to them is cut (a policy, a firewall, the network between nodes) or all of them hang`,
      };
    if (server.service.endpoints.length === 0)
      return { text: `${server.service.name} has no ready endpoint` };
  }
  const [holder] = asked.flatMap(({ address }) => portHolder(facts, address) ?? []);
  if (holder && !holder.isHeld)
    return {
      text: `${holder.whose}, and ${holder.who}: the server that should be there does not run, and a packet filter keeps the refusal back`,
      remediation: START_SERVER,
    };
  const beside = onTheLink(facts, asked);
  const failed = asked.flatMap(({ tcp }) => tcp.queries).find(({ outcome }) => outcome === 'unreachable');
  if (failed?.error !== undefined && beside !== undefined)
    return {
      text: `connecting over TCP fails with "${failed.error}", though ${beside}: the way is there, and a packet filter rejects port 53, on that machine (INPUT) or here`,
      remediation: LET_IN,
    };
  if (failed?.error !== undefined)
    return {
      text: `connecting to it over TCP fails with "${failed.error}": there is no way to it, or somebody on the way says so`,
      remediation: advice`Ask who says so, and look there: a router without a route, a network without a way out (a Docker network that is internal), or a firewall that rejects.\n${nettools`firewall ${TARGET} --to ${failed.server}:53`}`,
    };
  if (beside !== undefined && asked.every(({ tcp }) => tcp.reach === 'silent'))
    return {
      text: `nothing comes back over TCP either, neither an answer nor a refusal, though ${beside}: the machine is there${holder ? ` (${holder.whose}, and ${holder.who})` : ''}, and a packet filter drops what is sent to its port 53 (INPUT on that machine) or what it answers`,
      remediation: LET_IN,
    };
  return {
    text: 'nothing comes back over TCP either',
    ...(facts.input.services.value?.length === 0 ? { remediation: ELSEWHERE } : {}),
  };
}

/** What proves that the servers' own machines are there: each is on a link of the target, and answers for its address. */
function onTheLink({ reachable }: DnsFacts, asked: readonly ServerFacts[]): string | undefined {
  const found = asked.flatMap(
    ({ address }) => reachable.find((one) => sameAddress(one.address, address)) ?? [],
  );
  const [first] = found;
  if (first === undefined || found.length < asked.length) return undefined;
  const how = first.address.includes(':') ? 'neighbour solicitations' : 'ARP';
  return `${enumerate(found.map(({ address }) => address))} ${found.length === 1 ? 'is' : 'are'} on the same link (${first.device}) and ${found.length === 1 ? 'answers' : 'answer'} ${how} (${first.mac ?? 'no MAC address'})`;
}

/** What those that Docker's name server asks say when they are asked from the same network, as the engine does. */
function dockersServers({ endpoints }: DnsFacts): string {
  const own = endpoints.filter(({ service }) => service?.isDockers === true);
  if (own.length === 0) return '';
  const told = own.map(({ label, udp }) =>
    udp.reach === 'answers'
      ? `${label} answers when asked directly`
      : `${label} ${howItFails(udp.queries, 'udp')}`,
  );
  return ` (docker run --dns: ${told.join('; ')})`;
}

function sendQuote(facts: DnsFacts, asked: readonly ServerFacts[]): Quote[] {
  const send = facts.probe.sends.find((s) => s.error !== '' && asked.some((a) => a.address === s.server));
  return send ? [{ command: ['bash', '-c', `echo >/dev/udp/${send.server}/53`], excerpt: send.error }] : [];
}

function unreachableQuote(asked: readonly ServerFacts[]): Quote[] {
  const failed = asked.flatMap(({ tcp }) => tcp.queries).filter(({ outcome }) => outcome === 'unreachable');
  return quoteQueries(failed, 1);
}

function behindQuotes(facts: DnsFacts, asked: readonly ServerFacts[]): Quote[] {
  return asked.flatMap((s) => {
    const { answering, failing } = behind(facts, s);
    return [...answering, ...failing].slice(0, 2).flatMap((e) => quoteQueries(e.udp.queries, 1));
  });
}
