import { describe, expect, it } from 'vitest';
import { parseDetachKeys } from '../../../src/cli/detach-keys.ts';

describe('parseDetachKeys', () => {
  it.each([
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-@', [0]],
    ['ctrl-[', [27]],
    ['ctrl-\\', [28]],
    ['ctrl-]', [29]],
    ['ctrl-^', [30]],
    ['ctrl-_', [31]],
    ['CTRL-A', [1]],
    ['a,b,~', [97, 98, 126]],
    ['', []],
  ])('reads %s', (text, bytes) => {
    expect(parseDetachKeys(text)).toEqual(bytes);
  });

  it.each(['ctrl-', 'ctrl-1', 'ab', 'ctrl-p,', ' ', 'é'])('refuses %j', (text) => {
    expect(parseDetachKeys(text)).toBeUndefined();
  });
});
