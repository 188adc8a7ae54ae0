import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isOwnerGone, ownerLabel } from '../../../src/targets/docker-owner.ts';

describe('the owner of a container', () => {
  const own = ownerLabel() ?? '';
  const [boot = '', namespace = '', , start = ''] = own.split(' ');

  it('is there as long as its process', () => {
    expect(own).toMatch(/^[0-9a-f-]{36} pid:\[\d+\] \d+ \d+$/);
    expect(isOwnerGone(own)).toBe(false);
  });

  it('is gone with it, also when its number is given again', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(isOwnerGone([boot, namespace, child.pid, start].join(' '))).toBe(true);
    expect(isOwnerGone([boot, namespace, process.pid, Number(start) + 1].join(' '))).toBe(true);
  });

  it.each([undefined, '', 'x', `${boot.replace(/^./, 'x')} ${namespace} 1 1`, `${boot} pid:[1] 1 1`])(
    'is not known to be gone where it cannot be seen: %j',
    (label) => {
      expect(isOwnerGone(label)).toBe(false);
    },
  );
});
