import { describe, expect, it } from 'vitest';
import { listenAddress, pushTarget } from '../../../src/cli/flags/exposition.ts';
import { Values } from '../../../src/cli/values.ts';

const given = (name: string, text: string): Values => new Values(new Map([[name, text]]), [], undefined);
const address = (text: string) => listenAddress(given('metrics', text));
const target = (text: string) => pushTarget('diagnose', 'deploy/web', given('push', text));

describe('--metrics', () => {
  it.each([
    ['9464', '127.0.0.1', 9464],
    [':9464', '127.0.0.1', 9464],
    ['localhost:0', '127.0.0.1', 0],
    ['0.0.0.0:65535', '0.0.0.0', 65535],
    ['[::]:9464', '::', 9464],
    ['[10.0.0.1]:9464', '10.0.0.1', 9464],
  ])('%s listens at %s port %i', (text, host, port) => {
    expect(address(text)).toEqual({ host, port });
  });

  it.each([
    'x',
    '65536',
    '-1',
    '1.2.3:80',
    '::1:80',
    'example.com:80',
    '0.0.0.0',
    '[::]',
    '80:0.0.0.0',
    '1e3',
  ])('refuses %s', (text) => {
    expect(() => address(text)).toThrow(`such as 0.0.0.0:9464 or [::]:9464, not "${text}"`);
  });

  it('is no address where it is empty, and none where it is not given', () => {
    expect(() => address('')).toThrow('--metrics is empty');
    expect(listenAddress(new Values(new Map(), [], undefined))).toBeUndefined();
  });
});

describe('--push', () => {
  const grouping = [
    ['job', 'nettools'],
    ['command', 'diagnose'],
    ['instance', 'deploy/web'],
  ];

  it.each([
    ['http://gw:9091', { url: 'http://gw:9091/metrics', grouping }],
    ['https://gw/', { url: 'https://gw/metrics', grouping }],
    ['http://gw:9091/metrics', { url: 'http://gw:9091/metrics', grouping }],
    ['http://gw/behind/a/proxy/', { url: 'http://gw/behind/a/proxy/metrics', grouping }],
    ['http://gw/metrics/job/nightly', { url: 'http://gw/metrics/job/nightly', grouping: [] }],
    [
      'https://me:s%40cret@gw',
      { url: 'https://gw/metrics', grouping, authorization: `Basic ${btoa('me:s@cret')}` },
    ],
  ])('%s', (text, expected) => {
    expect(target(text)).toEqual(expected);
  });

  it.each([
    '',
    'gw:9091',
    'ftp://me:hidden@gw',
    'http://me:hidden@gw:x',
    'http://me:hidden@gw/?a=hidden',
    'me:hidden',
  ])('refuses %s, and does not repeat it', (text) => {
    expect(() => target(text)).toThrow(
      /^--push (?:is empty|must be an address such as [^h]*http:\/\/pushgateway:9091; )/,
    );
    try {
      target(text);
    } catch (error) {
      expect(String(error)).not.toContain('hidden');
    }
  });
});
