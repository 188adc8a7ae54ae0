import { expect, it, onTestFinished } from 'vitest';
import type { Channel } from '../../../src/channels/channel.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { nodeNamespaces } from '../../../src/open/namespaces.ts';
import { nodePods } from '../../../src/targets/held-node-pod.ts';
import { buildNodePod, type NodePodSpec } from '../../../src/targets/node-pod.ts';
import { admittingNamespace } from '../../../src/targets/node-preflight.ts';
import { type ApiServer, startApiServer } from '../../servers/api-server.ts';
import { clientOf } from '../../servers/kube-client.ts';

type Lists = NonNullable<NonNullable<Parameters<typeof startApiServer>[0]>['lists']>;

const MANY = 501;
const SPEC: NodePodSpec = {
  node: 'n1',
  image: 'image',
  imagePullPolicy: 'Never',
  pullSecret: undefined,
  choice: 'auto',
  switching: false,
  watching: false,
  idleSeconds: 60,
  deadlineSeconds: 3600,
  keep: false,
  toolVersion: '1',
};
const never = new AbortController().signal;

async function serving(lists: Lists): Promise<{ server: ApiServer; client: KubeClient }> {
  const server = await startApiServer({ lists });
  const client = await clientOf(server, 'n');
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client };
}

function many<T>(object: (name: string) => T): T[] {
  return Array.from({ length: MANY }, (_, i) => object(`x${i}`));
}

it('pods of nodes are read in pages', async () => {
  const { client, server } = await serving({
    '/api/v1/namespaces/n/pods': many((name) => {
      const pod = buildNodePod(name, SPEC, 'netadmin', 'me');
      return { ...pod, metadata: { ...pod.metadata, name, namespace: 'n', uid: name, resourceVersion: '1' } };
    }),
  });
  expect(await nodePods({ client, namespace: 'n' }, undefined)).toHaveLength(MANY);
  expect(server.requests).toHaveLength(2);
});

it('the pods of a node whose namespaces are listed are read in pages', async () => {
  const { client, server } = await serving({ '/api/v1/pods': many((name) => ({ metadata: { name } })) });
  const nothing: Channel = {
    run: async (_argv, { stdout }) => {
      stdout.write('done\n');
      return 0;
    },
    runWithInput: async () => 0,
  };
  await nodeNamespaces(client, 'n1', nothing, never);
  expect(server.requests).toHaveLength(2);
});

it('the namespace that may take a pod is looked for among all, by names and labels alone', async () => {
  const { client, server } = await serving({
    '/api/v1/namespaces': many((name) => ({
      metadata: {
        name,
        labels: { 'pod-security.kubernetes.io/enforce': name === 'x500' ? 'privileged' : 'restricted' },
      },
    })),
  });
  expect(await admittingNamespace(client, 'n', SPEC)).toBe('x500');
  const lists = server.seen.filter(({ method }) => method === 'GET');
  expect(lists).toHaveLength(2);
  expect(lists.map(({ headers }) => headers.accept)).toEqual(
    lists.map(() => expect.stringContaining('as=PartialObjectMetadataList')),
  );
});
