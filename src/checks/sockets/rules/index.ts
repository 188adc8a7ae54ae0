/** The rules of the sockets check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';
import { acceptQueue } from './accept-queue.ts';
import { atRest } from './at-rest.ts';
import { badChecksums } from './bad-checksums.ts';
import { ephemeralPorts } from './ephemeral-ports.ts';
import { loopbackOnly } from './loopback-only.ts';
import { misreadLink } from './misread-link.ts';
import { noListener } from './no-listener.ts';
import { oldAddress } from './old-address.ts';
import { takenPort } from './taken-port.ts';
import { udpOverflow } from './udp-overflow.ts';
import { unaccepted } from './unaccepted.ts';
import { unanswered } from './unanswered.ts';

export const SOCKETS_RULES: readonly Rule<SocketsFacts>[] = [
  misreadLink,
  loopbackOnly,
  noListener,
  badChecksums,
  acceptQueue,
  unaccepted,
  ephemeralPorts,
  udpOverflow,
  oldAddress,
  unanswered,
  atRest,
  takenPort,
];
