import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { ConntrackFacts } from '../facts.ts';

const meta = {
  id: 'NT-CT-005',
  title: 'Idle connections are forgotten before a keepalive comes',
  severities: ['warning'],
  meaning:
    'The node forgets a TCP connection through it that rests longer than this. Where the connection was translated (to a Service, a NodePort, or out by masquerading), the next packet belongs to nothing: it is dropped, or sent to another endpoint, which resets it. Pools of database connections, message queues and watches break after a pause, or hang until TCP gives up (15 minutes); what is in use never does.',
  rule: 'On a node: net.netfilter.nf_conntrack_tcp_timeout_established is below 7440 s. Sockets with keepalive send the first one after 7200 s by default (net.ipv4.tcp_keepalive_time), and those without send none.',
  source: 'RFC 5382, REQ-5: not less than 2 hours 4 minutes; tcp(7); kube-proxy sets 24 hours',
  remedy:
    'Raise it on the nodes: kube-proxy has conntrack.tcpEstablishedTimeout (24h0m0s by default; 0 leaves what the node has), elsewhere sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=86400. Or let the clients send keepalives sooner than that (net.ipv4.tcp_keepalive_time by securityContext.sysctls, for sockets that ask for them; drivers of databases have a setting).',
  remedyOutside:
    'Raise it: sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=86400. Or let the clients send keepalives sooner than that (net.ipv4.tcp_keepalive_time, for sockets that ask for them; drivers of databases have a setting).',
} as const;

/** RFC 5382, REQ-5. */
const LEAST_SECONDS = 7440;

export const forgottenIdle: Rule<ConntrackFacts> = {
  meta,
  judge: ({ isNode, establishedSeconds, establishedResult, words }) =>
    !isNode || establishedSeconds === undefined || establishedSeconds >= LEAST_SECONDS
      ? []
      : [
          occurrence(
            meta,
            'warning',
            `TCP connections that rest for more than ${establishedSeconds} s are forgotten by ${words.hostTable} (nf_conntrack_tcp_timeout_established), and the first keepalive comes after 7200 s by default: those to Services, and those that are masqueraded, break after such a pause.`,
            quote(establishedResult, /\d/, 1),
          ),
        ],
};
