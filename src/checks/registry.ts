// Made by "npm run generate" from the folders of src/checks: do not edit.
import arp from './arp/check.ts';
import conntrack from './conntrack/check.ts';
import dns from './dns/check.ts';
import docker from './docker/check.ts';
import drops from './drops/check.ts';
import firewall from './firewall/check.ts';
import gateway from './gateway/check.ts';
import interfaces from './interfaces/check.ts';
import latency from './latency/check.ts';
import matrix from './matrix/check.ts';
import mtu from './mtu/check.ts';
import path from './path/check.ts';
import routing from './routing/check.ts';
import service from './service/check.ts';
import sockets from './sockets/check.ts';
import throughput from './throughput/check.ts';
import tls from './tls/check.ts';

/** All checks by id. A saved run names its checks by these ids. */
export const CHECKS = {
  arp,
  conntrack,
  dns,
  docker,
  drops,
  firewall,
  gateway,
  interfaces,
  latency,
  matrix,
  mtu,
  path,
  routing,
  service,
  sockets,
  throughput,
  tls,
} as const;

/** The name of a check. */
export type CheckId = keyof typeof CHECKS;
