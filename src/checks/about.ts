// Made by "npm run generate" from the folders of src/checks: do not edit.
import type { CheckAbout } from '../model/check-about.ts';
import arp from './arp/about.ts';
import conntrack from './conntrack/about.ts';
import dns from './dns/about.ts';
import docker from './docker/about.ts';
import drops from './drops/about.ts';
import firewall from './firewall/about.ts';
import gateway from './gateway/about.ts';
import interfaces from './interfaces/about.ts';
import latency from './latency/about.ts';
import matrix from './matrix/about.ts';
import mtu from './mtu/about.ts';
import path from './path/about.ts';
import routing from './routing/about.ts';
import service from './service/about.ts';
import sockets from './sockets/about.ts';
import throughput from './throughput/about.ts';
import tls from './tls/about.ts';

/** By id. */
export const ABOUTS: readonly CheckAbout[] = [
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
];
