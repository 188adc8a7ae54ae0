import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ConntrackFacts, grown } from '../facts.ts';
import { statsQuote } from './pressure.ts';

const meta = {
  id: 'NT-CT-007',
  title: 'Packets that tracking calls invalid go on untranslated',
  severities: ['warning', 'info'],
  meaning:
    'Connection tracking calls a TCP segment invalid that lies outside of the window that it has reckoned: after loss, reordering or a retransmission of a long download that happens. An invalid packet is not translated. Of a connection to a Service the answer then reaches the client with the endpoint\'s own address, the client\'s kernel knows no such connection and sends a reset, and the endpoint ends the connection: long transfers fail now and then with "connection reset by peer", with nothing in any log.',
  rule: "On a node: net.netfilter.nf_conntrack_tcp_be_liberal is 0, a rule of nftables or iptables translates destinations (DNAT), none drops what is invalid, and conntrack's count of invalid packets grew during the run by at least 10 (warning), or by 2 to 9 (info): late packets of connections that have ended are invalid too, and any busy node has some.",
  source:
    'kernel: Documentation/networking/nf_conntrack-sysctl.rst; kubernetes/kubernetes#74839 and #117924; the numbers: ours',
  remedy:
    'Let tracking be lenient about windows: kube-proxy has conntrack.tcpBeLiberal (--conntrack-tcp-be-liberal), elsewhere sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1. Or drop what is invalid, so that it is sent again: nft add rule … ct state invalid drop in the hook forward (kube-proxy in iptables mode has such a rule in KUBE-FORWARD). What is called invalid, and why, the kernel logs with net.netfilter.nf_conntrack_log_invalid=6.',
  explains: { depth: 975, target: ['NT-HTTP-003'] },
} as const;

const LEAST = 2;
const MANY = 10;

export const outOfWindow: Rule<ConntrackFacts> = {
  meta,
  judge: (facts) => {
    const { isNode, liberal, liberalResult, dropsInvalid, hasTranslations, words } = facts;
    const invalid = grown(facts, 'invalid');
    if (!isNode || liberal !== 0 || dropsInvalid !== false || !hasTranslations || invalid < LEAST) return [];
    const isMany = invalid >= MANY;
    return [
      occurrence(
        meta,
        isMany ? 'warning' : 'info',
        `Connection tracking called ${invalid} packets invalid during the run (${words.hostTable}); it is strict about TCP windows (nf_conntrack_tcp_be_liberal is 0), and no rule drops what is invalid: it goes on untranslated, and of a connection to a Service the client answers it with a reset, which ends the connection at the endpoint${isMany ? '' : '. Late packets of connections that have ended are invalid too: measure again while transfers fail'}.`,
        [...statsQuote(facts, ['invalid']), ...quote(liberalResult, /\d/, 1)],
      ),
    ];
  },
};
