/** All checks. A saved run names its checks by these ids. */
import type { Check } from '../model/check.ts';
import { arp } from './arp/check.ts';
import { conntrack } from './conntrack/check.ts';
import { dns } from './dns/check.ts';
import { docker } from './docker/check.ts';
import { firewall } from './firewall/check.ts';
import { interfaces } from './interfaces/check.ts';
import { latency } from './latency/check.ts';
import { mtu } from './mtu/check.ts';
import { path } from './path/check.ts';
import { routing } from './routing/check.ts';
import { service } from './service/check.ts';
import { sockets } from './sockets/check.ts';
import { throughput } from './throughput/check.ts';
import { tls } from './tls/check.ts';

/** A check together with the input of one run of it. */
export interface PreparedCheck<Input = unknown> {
  readonly check: Check<Input>;
  readonly input: Input;
}

/** Ties an input to its check; the rest of a run need not know the input's type. */
export function prepared<Input>(check: Check<Input>, input: Input): PreparedCheck {
  return { check, input } as PreparedCheck;
}

export const CHECKS = {
  interfaces,
  arp,
  routing,
  dns,
  docker,
  service,
  firewall,
  path,
  sockets,
  latency,
  mtu,
  conntrack,
  tls,
  throughput,
} as const;

/** The name of a check. */
export type CheckId = keyof typeof CHECKS;
