import { describe, expect, it } from 'vitest';
import { bracketed, socketAddress } from '../../../src/model/socket-address.ts';

describe('an address with a port', () => {
  it.each([
    ['192.0.2.1', 80, '192.0.2.1:80'],
    ['2001:db8::1', '8080', '[2001:db8::1]:8080'],
    ['[2001:db8::1]', 80, '[2001:db8::1]:80'],
    ['web', 80, 'web:80'],
  ])('%s %s', (host, port, text) => {
    expect(socketAddress(host, port)).toBe(text);
    expect(socketAddress(bracketed(host), port)).toBe(text);
  });
});
