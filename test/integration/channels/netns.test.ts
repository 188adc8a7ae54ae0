import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { attempt, run } from '../../cluster/proc.ts';
import { channelContract } from './contract.ts';

const name = `ntchannel-${randomBytes(3).toString('hex')}`;
beforeAll(() => run(['ip', 'netns', 'add', name]));
afterAll(() => attempt(['ip', 'netns', 'delete', name]));

channelContract({
  title: 'a network namespace of this machine',
  module: join(import.meta.dirname, 'open-netns.ts'),
  place: () => `/run/netns/${name}`,
  hasTerminals: false,
});
