import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../src/kube/proxy.ts';

const PROXY = 'http://proxy.example:3128';
const proxied = (server: string, noProxy: string): boolean =>
  proxyFor(new URL(server), { HTTPS_PROXY: PROXY, NO_PROXY: noProxy }) !== undefined;

describe('which variable names the proxy', () => {
  it.each([
    ['nothing is set', 'https://api.example', {}, undefined],
    ['upper case', 'https://api.example', { HTTPS_PROXY: PROXY }, PROXY],
    ['lower case', 'https://api.example', { https_proxy: PROXY }, PROXY],
    [
      'both: lower case wins',
      'https://api.example',
      { https_proxy: PROXY, HTTPS_PROXY: 'http://other' },
      PROXY,
    ],
    [
      'an empty one is as good as none',
      'https://api.example',
      { https_proxy: '', HTTPS_PROXY: PROXY },
      PROXY,
    ],
    ['all empty', 'https://api.example', { https_proxy: '', HTTPS_PROXY: '' }, undefined],
    ['HTTP_PROXY is not for https', 'https://api.example', { HTTP_PROXY: PROXY }, undefined],
    ['HTTPS_PROXY is not for http', 'http://api.example', { HTTPS_PROXY: PROXY }, undefined],
    ['HTTP_PROXY is for http', 'http://api.example', { HTTP_PROXY: PROXY }, PROXY],
    ['without a scheme it is http', 'https://api.example', { HTTPS_PROXY: 'proxy.example:3128' }, PROXY],
    ['a SOCKS proxy stays one', 'https://api.example', { HTTPS_PROXY: 'socks5://p:1080' }, 'socks5://p:1080'],
  ] as const)('%s', (_what, server, env, expected) => {
    expect(proxyFor(new URL(server), env)).toBe(expected);
  });

  it('reads no_proxy before NO_PROXY, and takes an empty one for none', () => {
    const server = new URL('https://api.example');
    expect(
      proxyFor(server, { HTTPS_PROXY: PROXY, no_proxy: 'api.example', NO_PROXY: 'other' }),
    ).toBeUndefined();
    expect(proxyFor(server, { HTTPS_PROXY: PROXY, no_proxy: 'other', NO_PROXY: 'api.example' })).toBe(PROXY);
    expect(proxyFor(server, { HTTPS_PROXY: PROXY, no_proxy: '', NO_PROXY: 'api.example' })).toBeUndefined();
  });
});

describe('servers on this machine', () => {
  it.each([
    'https://localhost:6443',
    'https://LOCALHOST',
    'https://127.0.0.1:6443',
    'https://127.8.9.10',
    'https://[::1]:6443',
  ])('%s takes no proxy', (server) => {
    expect(proxied(server, '')).toBe(false);
  });

  it.each(['https://localhost.example', 'https://128.0.0.1', 'https://127.example', 'https://[::2]'])(
    '%s is another machine',
    (server) => {
      expect(proxied(server, '')).toBe(true);
    },
  );
});

// Each line: NO_PROXY, a server that it excludes, one that it does not.
describe('NO_PROXY', () => {
  it.each([
    ['domain', 'example.com', 'https://example.com', 'https://notexample.com'],
    ['domain and its subdomains', 'example.com', 'https://api.example.com', 'https://example.com.evil.test'],
    ['.domain: subdomains alone', '.example.com', 'https://api.example.com', 'https://example.com'],
    ['*.domain: subdomains alone', '*.example.com', 'https://a.b.example.com', 'https://example.com'],
    ['upper case', 'EXAMPLE.Com', 'https://api.Example.COM', 'https://example.net'],
    ['blanks and empty entries', ' , a.test ,, b.test ,', 'https://b.test', 'https://c.test'],
    ['domain with a port', 'example.com:6443', 'https://example.com:6443', 'https://example.com:443'],
    ['the default port', 'example.com:443', 'https://example.com', 'https://example.com:6443'],
    ['address', '192.0.2.7', 'https://192.0.2.7:6443', 'https://192.0.2.70'],
    ['address with a port', '192.0.2.7:6443', 'https://192.0.2.7:6443', 'https://192.0.2.7'],
    ['IPv6 address', '2001:db8::7', 'https://[2001:db8::7]:6443', 'https://[2001:db8::8]'],
    ['IPv6 address written out', '2001:0db8:0:0:0:0:0:7', 'https://[2001:db8::7]', 'https://[2001:db8::70]'],
    ['IPv6 address with a port', '[2001:db8::7]:6443', 'https://[2001:db8::7]:6443', 'https://[2001:db8::7]'],
    ['IPv4 CIDR', '192.0.2.0/28', 'https://192.0.2.15', 'https://192.0.2.16'],
    ['IPv4 CIDR /32', '192.0.2.7/32', 'https://192.0.2.7', 'https://192.0.2.6'],
    ['IPv4 CIDR of all', '0.0.0.0/0', 'https://192.0.2.7', 'https://[2001:db8::7]'],
    ['IPv6 CIDR', '2001:db8::/32', 'https://[2001:db8:ffff::1]', 'https://[2001:db9::1]'],
    ['a CIDR is not for names', '192.0.2.0/24', 'https://192.0.2.1', 'https://api.example'],
    [
      'the end of an address is no domain',
      '.2.7, 2.7, *.2.7, ok.test',
      'https://ok.test',
      'https://192.0.2.7',
    ],
    [
      'broken entries are passed over',
      '192.0.2.0/99, /24, :443, ok.test',
      'https://ok.test',
      'https://192.0.2.7',
    ],
  ])('%s: %s', (_what, noProxy, direct, viaProxy) => {
    expect(proxied(direct, noProxy)).toBe(false);
    expect(proxied(viaProxy, noProxy)).toBe(true);
  });

  it.each(['*', 'a.test,*', ' * '])('"%s" is for everything', (noProxy) => {
    for (const server of ['https://api.example', 'https://192.0.2.7', 'https://[2001:db8::7]']) {
      expect(proxied(server, noProxy)).toBe(false);
    }
  });
});
