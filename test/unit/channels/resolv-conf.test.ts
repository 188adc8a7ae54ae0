import { describe, expect, it } from 'vitest';
import { resolverLines } from '../../../src/channels/resolv-conf.ts';

describe('resolverLines', () => {
  it.each([
    ['nameserver 192.0.2.53\n', 'nameserver 192.0.2.53\n'],
    [
      '# made by X\n\tsearch a.example b.example\noptions ndots:5\n\n; end',
      '\tsearch a.example b.example\noptions ndots:5\n',
    ],
    ['domain a.example\r\nsortlist 192.0.2.0', 'domain a.example\r\nsortlist 192.0.2.0\n'],
  ])('keeps what the resolver reads: %j', (text, expected) => {
    expect(resolverLines(text)).toBe(expected);
  });

  it.each([
    ['root:$6$salt$hash:19000:0:99999:7:::\n'],
    ['-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n'],
    ['HOME=/root\0TOKEN=nameserver'],
    ['nameservers: x\n'],
    [''],
  ])('keeps nothing of another file: %j', (text) => {
    expect(resolverLines(text)).toBe('');
  });
});
