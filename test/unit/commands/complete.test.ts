import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import { candidates } from '../../../src/commands/complete.ts';
import type { CompletionKind } from '../../../src/model/args.ts';
import { startApiServer } from '../../servers/api-server.ts';
import { flagsFor } from '../../servers/kube-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-complete-'));
const socket = join(folder, 'docker.sock');
/** A daemon that knows two containers. */
const daemon = createServer((request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Api-Version', '1.41');
  response.setHeader('Ostype', 'linux');
  const isList = /^(\/v[\d.]+)?\/containers\/json$/.test(request.url ?? '');
  response.end(isList ? JSON.stringify([{ Names: ['/web'] }, { Names: ['/worker'] }]) : 'OK');
});
beforeAll(async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  vi.stubEnv('KUBECONFIG', join(folder, 'none'));
  await new Promise<void>((resolve) => daemon.listen(socket, resolve));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => daemon.close(resolve));
  rmSync(folder, { recursive: true });
});

const values = async (kind: CompletionKind, prefix: string) =>
  (await candidates({ kind, prefix, connection: {} })).map(({ value }) => value);

describe('candidates without a cluster', () => {
  it("are Docker's containers, of which it asks the daemon", async () => {
    expect(await values('target', 'docker://')).toEqual(['docker://web', 'docker://worker']);
    expect(await values('target', 'docker://wo')).toEqual(['docker://worker']);
  });

  it('are what begins a target that is in none', async () => {
    expect(await values('target', '')).toEqual(['docker://', 'netns:', 'local']);
    expect(await values('target', 'd')).toEqual(['docker://']);
  });

  it('are findings, in any case', async () => {
    expect(await values('finding', '')).toEqual(FINDINGS.map(({ id }) => id));
    expect(await values('finding', 'nt-tls-')).toContain('NT-TLS-001');
    expect(await values('finding', 'NT-NO')).toEqual([]);
  });
});

describe('candidates of a cluster', () => {
  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ metadata: { name: `${prefix}${i}` }, spec: { secret: 1 } }));

  async function cluster(lists: Parameters<typeof startApiServer>[0]) {
    const server = await startApiServer(lists);
    const ask = async (kind: CompletionKind, prefix: string, target?: string) =>
      (await candidates({ kind, prefix, connection: flagsFor(server), ...(target ? { target } : {}) })).map(
        ({ value }) => value,
      );
    return { server, ask };
  }

  it('are the names of thousands of pods, of which nothing but names is read', async () => {
    const { server, ask } = await cluster({
      lists: { '/api/v1/namespaces/default/pods': numbered('web-', 1200) },
    });
    try {
      expect(await ask('clusterTarget', 'web-119')).toEqual([
        'web-119',
        ...Array.from({ length: 10 }, (_, i) => `web-119${i}`),
      ]);
      expect(server.requests).toHaveLength(3);
      for (const { headers } of server.seen) expect(headers.accept).toContain('as=PartialObjectMetadataList');
    } finally {
      await server.close();
    }
  });

  it('are all pods, all nodes, and what else a matrix takes', async () => {
    const { server, ask } = await cluster({
      lists: {
        '/api/v1/namespaces/default/pods': numbered('pod-', 1),
        '/apis/apps/v1/namespaces/default/deployments': numbered('web', 1),
      },
    });
    try {
      expect(await ask('matrixPlace', 'po')).toEqual(['pods', 'pod-0', 'pod/']);
      expect(await ask('matrixPlace', 'no')).toEqual(['nodes', 'node/']);
      expect(await ask('matrixPlace', 'deploy/')).toEqual(['deploy/web0']);
      expect(await ask('matrixPlace', 'loc')).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('are nodes, namespaces, workloads, and the pods of a node with a network of their own', async () => {
    const pod = { metadata: { namespace: 'shop', name: 'db' } };
    const { server, ask } = await cluster({
      lists: {
        '/api/v1/nodes': numbered('node', 1),
        '/api/v1/namespaces': numbered('ns', 1),
        '/api/v1/pods': [pod],
        '/apis/apps/v1/namespaces/default/deployments': numbered('web', 1),
      },
    });
    try {
      expect(await ask('machine', '')).toEqual(['node0', 'local']);
      expect(await ask('namespace', 'n')).toEqual(['ns0']);
      expect(await ask('clusterTarget', 'deploy/')).toEqual(['deploy/web0']);
      expect(await ask('netns', 'shop/', 'node/n1')).toEqual(['shop/db']);
      expect(server.requests.at(-1)).toContain('spec.nodeName%3Dn1%2Cspec.hostNetwork%3Dfalse');
    } finally {
      await server.close();
    }
  });

  it('are the containers of a pod that go on running', async () => {
    const spec = {
      containers: [{ name: 'app' }],
      initContainers: [{ name: 'setup' }, { name: 'proxy', restartPolicy: 'Always' }],
    };
    const { server, ask } = await cluster({
      lists: { '/api/v1/namespaces/default/pods': [{ metadata: { name: 'web' }, spec }] },
    });
    try {
      expect(await ask('container', '', 'web')).toEqual(['app', 'proxy']);
    } finally {
      await server.close();
    }
  });
});
