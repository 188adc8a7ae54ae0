import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { Hold } from '../../../src/targets/hold.ts';
import { startApiServer } from '../../servers/api-server.ts';
import type { ExecPeer } from '../../servers/fault-server.ts';

const PLACE = { namespace: 'n', pod: 'p', container: 'c' };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hold-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a hold', () => {
  it('that is lost when the credentials are over is taken again with new ones', async () => {
    const peers: ExecPeer[] = [];
    const tokens = new Set(['old']);
    const server = await startApiServer({
      tokens,
      exec: (peer) => {
        peers.push(peer);
        void peer.send(1, 'held\n');
      },
    });
    const [kubeconfig, command, answer] = ['config', 'login', 'answer'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const giveOut = (token: string): void =>
      writeFileSync(
        answer,
        JSON.stringify({
          kind: 'ExecCredential',
          apiVersion: 'client.authentication.k8s.io/v1',
          status: { token },
        }),
      );
    writeFileSync(command, `#!/bin/sh\ncat '${answer}'\n`);
    chmodSync(command, 0o755);
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        users: [{ name: 'u', user: { exec: { command, apiVersion: 'client.authentication.k8s.io/v1' } } }],
      }),
    );
    giveOut('old');
    const client = await KubeClient.connect({ kubeconfig, server: server.url, user: 'u' });
    const hold = await Hold.take(client, PLACE);
    try {
      tokens.clear();
      tokens.add('new');
      giveOut('new');
      peers[0]?.destroy();
      await vi.waitUntil(() => peers.length === 2, { timeout: 30_000 });
      expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer new');
    } finally {
      hold.release();
      client.close();
      await server.close();
    }
  });
});
