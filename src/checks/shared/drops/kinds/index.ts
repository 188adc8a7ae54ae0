import type { DropKind } from '../kind.ts';
import { acceptQueue } from './accept-queue.ts';
import { checksum } from './checksum.ts';
import { fragments } from './fragments.ts';
import { header } from './header.ts';
import { inputQueue } from './input-queue.ts';
import { neighbour } from './neighbour.ts';
import { netfilter } from './netfilter.ts';
import { noRoute } from './no-route.ts';
import { noSocket } from './no-socket.ts';
import { notReady } from './not-ready.ts';
import { other } from './other.ts';
import { outOfState } from './out-of-state.ts';
import { program } from './program.ts';
import { qdisc } from './qdisc.ts';
import { reversePath } from './reverse-path.ts';
import { socketRoom } from './socket-room.ts';
import { tooBig } from './too-big.ts';
import { ttl } from './ttl.ts';
import { tunnel } from './tunnel.ts';

/** In this order the first one that fits a drop counts; the last one fits all. */
export const DROP_KINDS: readonly DropKind[] = [
  netfilter,
  reversePath,
  neighbour,
  noRoute,
  socketRoom,
  acceptQueue,
  qdisc,
  inputQueue,
  checksum,
  ttl,
  tooBig,
  noSocket,
  outOfState,
  program,
  header,
  fragments,
  tunnel,
  notReady,
  other,
];
