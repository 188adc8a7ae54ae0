import { describe, expect, it } from 'vitest';
import { parseHttp2 } from '../../../src/parsers/http2.ts';

describe('parseHttp2', () => {
  it.each([
    [
      'address 192.0.2.9\nconnected\nhttp1 HTTP/1.1 400 Bad Request\n',
      { outcome: 'http1', line: 'HTTP/1.1 400 Bad Request' },
    ],
    ['address 192.0.2.9\nconnected\nother\n', { outcome: 'other' }],
    ['address 192.0.2.9\nconnected\nsilent\n', { outcome: 'silent' }],
    ['address 192.0.2.9\nconnected\nclosed\n', { outcome: 'closed' }],
    ['address 192.0.2.9\nhttp2: connect: Connection refused\n', 'no connection'],
    ['unresolved\n', 'no connection'],
    ['address 192.0.2.9\nconnected\n', 'the test of HTTP/2 did not come to its end'],
  ])('reads %j', (printed, answer) => {
    expect(parseHttp2(printed)).toEqual(answer);
  });
});
