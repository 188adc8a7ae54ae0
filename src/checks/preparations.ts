// Made by "npm run generate" from the folders of src/checks: do not edit.
import type { InputContext } from '../cluster/context.ts';
import type { InputOf } from '../model/check.ts';
import arp from './arp/prepare.ts';
import conntrack from './conntrack/prepare.ts';
import dns from './dns/prepare.ts';
import docker from './docker/prepare.ts';
import drops from './drops/prepare.ts';
import firewall from './firewall/prepare.ts';
import gateway from './gateway/prepare.ts';
import interfaces from './interfaces/prepare.ts';
import latency from './latency/prepare.ts';
import matrix from './matrix/prepare.ts';
import mtu from './mtu/prepare.ts';
import path from './path/prepare.ts';
import type { CHECKS, CheckId } from './registry.ts';
import routing from './routing/prepare.ts';
import service from './service/prepare.ts';
import sockets from './sockets/prepare.ts';
import throughput from './throughput/prepare.ts';
import tls from './tls/prepare.ts';

type Prepare<Input> = (context: InputContext) => Promise<Input | undefined>;

/** How each check's input is made from the command line and the API; `undefined`: there is nothing for it to look at. */
export const PREPARATIONS: { readonly [Id in CheckId]: Prepare<InputOf<(typeof CHECKS)[Id]>> } = {
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
};
