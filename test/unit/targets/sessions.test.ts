import { describe, expect, it } from 'vitest';
import { listSessions, sessionsOf } from '../../../src/targets/sessions.ts';
import { startApiServer } from '../../servers/api-server.ts';
import { clientOf } from '../../servers/kube-client.ts';
import { pod, podWith } from './pods.ts';

describe('sessionsOf', () => {
  it('tells the state of each session and since when', () => {
    const names = ['running', 'creating', 'ended', 'unreported'] as const;
    const sessions = sessionsOf(
      podWith(...names.map((state) => ({ name: `nettools-netadmin-${state}`, state }))),
    );
    expect(sessions.map(({ container, state, since }) => [container, state, since])).toEqual([
      ['nettools-netadmin-running', 'running', '2026-01-02T03:04:05Z'],
      ['nettools-netadmin-creating', 'waiting', undefined],
      ['nettools-netadmin-ended', 'ended', '2026-01-02T03:14:05Z'],
      ['nettools-netadmin-unreported', 'waiting', undefined],
    ]);
    expect(sessions[0]).toMatchObject({ namespace: 'default', pod: 'web-0' });
  });

  it('are none of a pod without', () => {
    expect(sessionsOf(pod())).toEqual([]);
    expect(sessionsOf({})).toEqual([]);
  });
});

describe('listSessions', () => {
  it('finds those of a namespace whose pods are more than 64 MiB, on whatever page they are', async () => {
    const annotations = { long: 'x'.repeat(70_000) };
    const plain = Array.from({ length: 999 }, (_, i) => ({ metadata: { name: `a${i}`, annotations } }));
    const last = podWith({ name: 'nettools-netadmin-x', state: 'running' });
    const pods = [...plain, last as { metadata: { name: string } }];
    const server = await startApiServer({ lists: { '/api/v1/namespaces/default/pods': pods } });
    const client = await clientOf(server);
    try {
      const found = await listSessions(client, 'default');
      expect(found.map(({ container }) => container)).toEqual(['nettools-netadmin-x']);
      expect(server.requests).toHaveLength(2);
    } finally {
      client.close();
      await server.close();
    }
  });
});
