import { ALL_TRAFFIC } from '../effects.ts';

/** NT-RT-002, which the firewall check raises too. */
export const meta = {
  id: 'NT-RT-002',
  title: 'A route or rule refuses the destination',
  severities: ['critical'],
  meaning:
    'The target itself refuses to send: a blackhole, unreachable, prohibit or throw route, or such a rule, matches the destination. Nothing leaves, so no firewall and no other host is involved.',
  rule: 'The route lookup for a destination ends with EINVAL (blackhole), EHOSTUNREACH (unreachable) or EACCES (prohibit); or with ENETUNREACH, and an unreachable rule or a throw route matches.',
  source: 'Linux: fib_props in net/ipv4/fib_semantics.c, fib4_rule_action in net/ipv4/fib_rules.c',
  remedy:
    'Find who made the route or rule (a VPN or CNI agent, a node script, a kill switch), and remove it there.',
  explains: { depth: 550, subject: ALL_TRAFFIC },
} as const;
