/** `sockets`: who listens where, which queues overflow, and whether ports run out, on the target itself. */
import type { Check } from '../../model/check.ts';
import type { SocketsInput } from './facts.ts';
import { judgeSockets } from './judge.ts';
import { planSockets } from './plan.ts';
import { SOCKETS_RULES } from './rules/index.ts';
import { socketsTables } from './tables.ts';

const sockets: Check<SocketsInput> = {
  id: 'sockets',
  findings: SOCKETS_RULES.map((rule) => rule.meta),
  plan: planSockets,
  judge: judgeSockets,
  tables: socketsTables,
};

export default sockets;
