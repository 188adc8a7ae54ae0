import { describe, expect, it } from 'vitest';
import mtu from '../../../../src/checks/mtu/check.ts';

describe('what the API did not say', () => {
  const input = { destinations: [], transfer: false };

  it('is told once for each reason, with all that is not known for it', () => {
    const unread = [
      { what: 'the path to other nodes', reason: 'no answer' },
      { what: 'the path to pods', reason: 'no answer' },
    ];
    expect(mtu.judge({}, { ...input, unread }).findings).toMatchObject([
      { id: 'NT-SYS-001', summary: 'the path to other nodes, the path to pods: no answer.' },
    ]);
  });

  it('is nothing where it said all', () => {
    expect(mtu.judge({}, input).findings).toEqual([]);
  });
});
