import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { pod, testNamespace } from '../../e2e/support/cluster.ts';
import { channelContract } from './contract.ts';

const ns = testNamespace('switched-channel');
beforeAll(() => ns.start(pod('inside', { spec: { nodeName: 'node1' } })));

channelContract({
  title: 'a pod, from its node',
  module: join(import.meta.dirname, 'open-switched.ts'),
  place: () => `${ns.name}/node1/inside`,
  hasTerminals: true,
});
