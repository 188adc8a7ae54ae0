import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { helper, pod, testNamespace } from '../../e2e/support/cluster.ts';
import { channelContract } from './contract.ts';

const ns = testNamespace('channel');
beforeAll(() => ns.start(pod('tools', { containers: [helper] })));

channelContract({
  title: 'a pod, by exec',
  module: join(import.meta.dirname, 'open-pod.ts'),
  place: () => `${ns.name}/tools/helper`,
  hasTerminals: true,
});
