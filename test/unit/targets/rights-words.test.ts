import { describe, expect, it } from 'vitest';
import { SESSION_RIGHTS } from '../../../src/targets/preflight.ts';
import { listRights } from '../../../src/targets/rights-words.ts';

describe('listRights', () => {
  it.each([
    [[], ''],
    [[{ verb: 'patch', resource: 'pods/ephemeralcontainers' }], 'patch pods/ephemeralcontainers'],
    [
      [
        { verb: 'get', resource: 'pods/exec' },
        { verb: 'create', resource: 'pods/exec' },
      ],
      'get and create pods/exec',
    ],
    [SESSION_RIGHTS, 'get and watch pods, patch pods/ephemeralcontainers, get and create pods/exec'],
  ] as const)('%j', (rights, text) => {
    expect(listRights(rights)).toBe(text);
  });
});
