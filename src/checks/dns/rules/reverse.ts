import { advice, kubectl } from '../../../model/advice.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { DnsFacts } from '../facts.ts';

/** Longer than that a person notices (ours); servers that answer at all take some milliseconds. */
const LATE_SECONDS = 1;

const meta = {
  id: 'NT-DNS-025',
  title: 'Asking for the name of an address gets no answer',
  severities: ['warning'],
  meaning:
    "The server answers names, and gives no answer in time for the name of the target's own address (a PTR record under in-addr.arpa or ip6.arpa). Programs that look up who connects to them (sshd, mysqld, FTP and log servers, nslookup of busybox) wait 5 s and longer for it before they say a word, and it looks as if the network were slow.",
  rule: `The first server of resolv.conf answers the control name within ${LATE_SECONDS} s, and none of two questions for the name of the target's first address within ${LATE_SECONDS} s. Any answer, NXDOMAIN and REFUSED too, is good; a forwarder that gives up says SERVFAIL after some seconds.`,
  source: 'RFC 1912, 2.1, and RFC 6303: reverse zones of private addresses are to be answered locally',
  remedy: advice`Let the cluster's DNS answer these zones by itself: "kubernetes CLUSTER-DOMAIN in-addr.arpa ip6.arpa" in the Corefile covers pods and Services; with fallthrough, what it does not know goes to the upstream, which has to answer it: repair or leave out that forwarder, or deny the zone with a template. Or switch the look-up off where it is done (mysqld: skip-name-resolve, sshd: UseDNS no).\n${kubectl`-n kube-system get configmap coredns -o yaml`}`,
  remedyOutside:
    'Let the name server answer the reverse zone of these addresses by itself, if only that there is none (RFC 6303), or repair the server that it asks for it. Or switch the look-up off where it is done (mysqld: skip-name-resolve, sshd: UseDNS no).',
} as const;

export const reverse: Rule<DnsFacts> = {
  meta,
  judge: ({ reverse: asked, servers, probe }) => {
    const [server] = servers;
    if (asked === undefined || server === undefined) return [];
    const isPrompt = server.udp.queries.some(
      ({ outcome, ms = 0, question }) =>
        outcome === 'answered' && ms < LATE_SECONDS * 1000 && question.name === probe.control,
    );
    // One question may be lost.
    const isLate =
      asked.answers.length > 1 &&
      asked.answers.every(({ outcome, ms = 0 }) => outcome === 'timeout' || ms >= LATE_SECONDS * 1000);
    if (!isPrompt || !isLate) return [];
    return [
      occurrence(
        meta,
        'warning',
        `${server.label} answers names, and none of ${asked.answers.length} questions for the name of ${asked.address}, the target's own address, within ${LATE_SECONDS} s: programs that look up who connects to them wait for that.`,
        quote(asked.result, /timed out|no servers could be reached|Query time/, 2),
      ),
    ];
  },
};
