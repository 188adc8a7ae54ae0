import { describe, expect, it } from 'vitest';
import { sessionsOf } from '../../../src/targets/sessions.ts';
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
