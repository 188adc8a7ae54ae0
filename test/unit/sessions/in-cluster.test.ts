import { expect, it } from 'vitest';
import { findSessions, stopSessions } from '../../../src/sessions/in-cluster.ts';
import { startApiServer } from '../../servers/api-server.ts';
import { flagsFor } from '../../servers/kube-client.ts';
import { podWith } from '../targets/pods.ts';

const PODS = '/api/v1/namespaces/default/pods';
const CONTAINER = 'nettools-netadmin-0';

interface Listed {
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

function named(name: string, state: 'running' | 'ended'): Listed {
  const pod = podWith({ name: CONTAINER, state });
  return { ...pod, metadata: { ...pod.metadata, name } };
}

it('ends all sessions that it can, and says which it cannot; one whose pod is gone has ended', async () => {
  const server = await startApiServer({
    lists: { [PODS]: ['ends', 'denied', 'gone'].map((name) => named(name, 'running')) },
    faults: {
      [`${PODS}/denied`]: { status: 403, reason: 'Forbidden' },
      [`${PODS}/gone`]: { status: 404, reason: 'NotFound' },
    },
  });
  server.watches({ events: [{ type: 'MODIFIED', object: named('ends', 'ended') }], end: 'open' });
  try {
    const { stopped, failed } = await stopSessions(
      { connection: flagsFor(server), targets: [], allNamespaces: false, timeoutMs: 5_000 },
      {
        signal: AbortSignal.timeout(10_000),
        progress: { show: () => undefined, note: () => undefined },
      } as unknown as Parameters<typeof stopSessions>[1],
    );
    expect(stopped).toEqual([`default/ends/${CONTAINER}`, `default/gone/${CONTAINER}`]);
    expect(failed).toMatchObject([{ name: `default/denied/${CONTAINER}`, error: { status: 403 } }]);
  } finally {
    await server.close();
  }
});

it.each([
  [404, /^no node "n9" in the cluster\.$/],
  [403, undefined],
])(
  'lists nothing of a node that is not there (%i), and says so if that may be known',
  async (status, says) => {
    const server = await startApiServer({
      lists: { [PODS]: [] },
      faults: {
        '/api/v1/namespaces/default': { status: 403, reason: 'Forbidden' },
        '/api/v1/nodes/n9': { status, reason: status === 403 ? 'Forbidden' : 'NotFound' },
      },
    });
    try {
      const scope = {
        connection: flagsFor(server),
        targets: [{ kind: 'node', name: 'n9' }] as const,
        allNamespaces: false,
      };
      const found = findSessions(scope, AbortSignal.timeout(10_000));
      if (says === undefined) expect((await found).sessions).toEqual([]);
      else await expect(found).rejects.toThrow(says);
    } finally {
      await server.close();
    }
  },
);

it('looks at the other TARGETs where one is not there, and at none where all are not', async () => {
  const server = await startApiServer({
    lists: { [PODS]: [named('web-0', 'running')] },
    faults: { '/api/v1/namespaces/default': { status: 403, reason: 'Forbidden' } },
  });
  const find = (...names: string[]) =>
    findSessions(
      {
        connection: flagsFor(server),
        targets: names.map((name) => ({ kind: 'name', name })),
        allNamespaces: false,
      },
      AbortSignal.timeout(10_000),
    );
  const missing = 'no pod "nosuch" in namespace "default".';
  try {
    const { sessions, unseen } = await find('nosuch', 'web-0');
    expect(sessions.map(({ pod }) => pod)).toEqual(['web-0']);
    expect(unseen).toMatchObject([{ target: { name: 'nosuch' }, error: { message: missing, exitCode: 3 } }]);
    await expect(find('nosuch')).rejects.toThrow(missing);
    await expect(find('web-0', 'foo/bar')).rejects.toMatchObject({ exitCode: 2 });
  } finally {
    await server.close();
  }
});
