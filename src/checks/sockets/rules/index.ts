/** The rules of the sockets check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';
import { acceptQueue } from './accept-queue.ts';
import { badChecksums } from './bad-checksums.ts';
import { ephemeralPorts } from './ephemeral-ports.ts';
import { loopbackOnly } from './loopback-only.ts';
import { noListener } from './no-listener.ts';
import { oldAddress } from './old-address.ts';
import { udpOverflow } from './udp-overflow.ts';

export const SOCKETS_RULES: readonly Rule<SocketsFacts>[] = [
  loopbackOnly,
  noListener,
  badChecksums,
  acceptQueue,
  ephemeralPorts,
  udpOverflow,
  oldAddress,
];
