import { join } from 'node:path';
import { testNamespace } from '../../e2e/support/cluster.ts';
import { channelContract } from './contract.ts';

const ns = testNamespace('node-channel');

channelContract({
  title: 'a node, by a pod in its network',
  module: join(import.meta.dirname, 'open-node.ts'),
  place: () => `${ns.name}/node1`,
  hasTerminals: true,
});
