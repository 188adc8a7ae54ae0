import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { ManyTargets } from '../../../src/model/args.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { listTargets, ownerOf } from '../../../src/open/many-targets.ts';

const never = new AbortController().signal;

interface PodParts {
  readonly namespace?: string;
  readonly node?: string;
  readonly phase?: string;
  readonly labels?: Record<string, string>;
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly isLeaving?: boolean;
}

function pod(name: string, parts: PodParts = {}): Pod {
  const { namespace = 'shop', node = 'n1', phase = 'Running', labels = {}, owner, isLeaving } = parts;
  return {
    metadata: {
      name,
      namespace,
      labels,
      ...(isLeaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' as unknown as Date } : {}),
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'x', uid: 'x', controller: true, ...owner }] }),
    },
    spec: { nodeName: node, containers: [] },
    status: { phase },
  };
}

/** An API server that denies a list, and all rights that it is asked for. */
function denying() {
  const client = {
    namespace: 'shop',
    async get() {
      throw new ApiError(403, 'Forbidden', 'pods is forbidden: User "x" cannot list resource "pods"');
    },
    async post(_path: string, review: { spec: { resourceAttributes: { namespace: string } } }) {
      places.add(review.spec.resourceAttributes.namespace);
      return { status: { allowed: false } };
    },
  } as unknown as KubeClient;
  const places = new Set<string>();
  return { places, connect: async () => client };
}

/** An API server with these pods, whatever the selector, and two nodes. */
function server(pods: readonly Pod[], nodes: readonly string[] | ApiError = ['n1', 'n2']) {
  const asked: string[] = [];
  const client = {
    namespace: 'shop',
    async get(path: string, { query }: { query?: Record<string, string> } = {}) {
      asked.push(`${path}${query?.['labelSelector'] === undefined ? '' : ` ${query['labelSelector']}`}`);
      if (path === '/api/v1/nodes') {
        if (nodes instanceof ApiError) throw nodes;
        const zone = (name: string) => ({ 'topology.kubernetes.io/zone': `zone-of-${name}` });
        return { items: nodes.map((name) => ({ metadata: { name, labels: zone(name) } })) };
      }
      if (path.includes('/deployments/')) return { spec: { selector: { matchLabels: { app: 'web' } } } };
      return { items: pods };
    },
  } as unknown as KubeClient;
  return { asked, connect: async () => client };
}

const many = (parts: Partial<ManyTargets>): ManyTargets => ({
  named: [],
  every: true,
  allNamespaces: false,
  nodes: false,
  atOnce: 8,
  most: 100,
  isSure: false,
  ...parts,
});
const labelled = { kind: 'selector', selector: 'app=web' } as const;

describe('the targets of a selector', () => {
  it('are all its pods that run or will, by name, with what they may have in common', async () => {
    const owner = { kind: 'StatefulSet', name: 'web' };
    const { asked, connect } = server([
      pod('b', { node: 'n2', owner }),
      pod('a', { owner }),
      pod('waits', { phase: 'Pending' }),
      pod('done', { phase: 'Succeeded' }),
      pod('failed', { phase: 'Failed' }),
      pod('leaving', { isLeaving: true }),
    ]);
    expect(await listTargets(many({ named: [labelled] }), connect, never)).toEqual([
      {
        spec: { kind: 'name', name: 'a' },
        namespace: 'shop',
        node: 'n1',
        traits: { owner: 'statefulset/web', zone: 'zone-of-n1' },
      },
      {
        spec: { kind: 'name', name: 'b' },
        namespace: 'shop',
        node: 'n2',
        traits: { owner: 'statefulset/web', zone: 'zone-of-n2' },
      },
      {
        spec: { kind: 'name', name: 'waits' },
        namespace: 'shop',
        node: 'n1',
        traits: { zone: 'zone-of-n1' },
      },
    ]);
    expect(asked).toEqual(['/api/v1/namespaces/shop/pods app=web', '/api/v1/nodes']);
  });

  it('are those of all namespaces, by namespace and name', async () => {
    const { asked, connect } = server([pod('b'), pod('z', { namespace: 'a' }), pod('a')]);
    const found = await listTargets(many({ named: [labelled], allNamespaces: true }), connect, never);
    expect(found.map(({ namespace, spec }) => `${namespace}/${'name' in spec && spec.name}`)).toEqual([
      'a/z',
      'shop/a',
      'shop/b',
    ]);
    expect(asked[0]).toBe('/api/v1/pods app=web');
  });

  it('are found without zones where nodes may not be listed', async () => {
    const { connect } = server([pod('a'), pod('b')], new ApiError(403, 'Forbidden', 'no'));
    const found = await listTargets(many({ named: [labelled] }), connect, never);
    expect(found.map(({ traits }) => traits)).toEqual([undefined, undefined]);
  });

  it.each([
    [false, 'in namespace "shop"', 'shop'],
    [true, 'in all namespaces', ''],
  ])(
    'that may not be listed are told with all rights that are missing',
    async (allNamespaces, where, asked) => {
      const { places, connect } = denying();
      await expect(
        listTargets(many({ named: [labelled], allNamespaces }), connect, never),
      ).rejects.toMatchObject({
        exitCode: 3,
        lacksRights: true,
        message: `you may not list, get and watch pods, patch pods/ephemeralcontainers, get and create pods/exec ${where}; nothing was changed.`,
      });
      expect([...places]).toEqual([asked]);
    },
  );

  it('have to be there', async () => {
    const { connect } = server([pod('done', { phase: 'Succeeded' })]);
    await expect(listTargets(many({ named: [labelled] }), connect, never)).rejects.toMatchObject({
      exitCode: 3,
      message: 'label selector app=web has no pods that run in namespace "shop".',
    });
    const all = { kind: 'selector', selector: '' } as const;
    await expect(
      listTargets(many({ named: [all], allNamespaces: true }), connect, never),
    ).rejects.toMatchObject({ message: 'there are no pods that run in any namespace.' });
  });
});

describe('other targets', () => {
  it('are taken once, however often they are meant', async () => {
    const { connect } = server([pod('a'), pod('b')]);
    const named = [labelled, { kind: 'name', name: 'deploy/web' }, { kind: 'name', name: 'pod/a' }] as const;
    expect(await listTargets(many({ named }), connect, never)).toHaveLength(2);
  });

  it('stay as they were typed where not every pod is meant, and nobody is asked', async () => {
    const named = [
      { kind: 'name', name: 'deploy/web' },
      { kind: 'docker', name: 'db' },
    ] as const;
    const refuse = async () => {
      throw new Error('asked');
    };
    expect(await listTargets(many({ named, every: false }), refuse, never)).toEqual(
      named.map((spec) => ({ spec })),
    );
  });

  it('are the nodes, by name', async () => {
    const { connect } = server([], ['n2', 'n1']);
    expect(await listTargets(many({ nodes: true, every: false }), connect, never)).toEqual(
      ['n1', 'n2'].map((name) => ({ spec: { kind: 'node', name }, traits: { zone: `zone-of-${name}` } })),
    );
  });
});

it.each<[string, PodParts, string | undefined]>([
  ['none', {}, undefined],
  ['a DaemonSet', { owner: { kind: 'DaemonSet', name: 'agent' } }, 'daemonset/agent'],
  [
    'a Deployment, by its ReplicaSet',
    { owner: { kind: 'ReplicaSet', name: 'web-7d9f' }, labels: { 'pod-template-hash': '7d9f' } },
    'deployment/web',
  ],
  ['a ReplicaSet of nobody', { owner: { kind: 'ReplicaSet', name: 'web-7d9f' } }, 'replicaset/web-7d9f'],
])('the owner of a pod is %s', (_what, parts, owner) => {
  expect(ownerOf(pod('a', parts))).toBe(owner);
});
