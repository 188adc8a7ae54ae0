import { describe, expect, it } from 'vitest';
import {
  hostFit,
  hostsMeet,
  isPattern,
  patternFits,
  prefixFits,
} from '../../../../src/checks/shared/host-rules.ts';

describe('hostFit', () => {
  it.each<[string | undefined, string, 'one' | 'any', boolean]>([
    [undefined, 'shop.example.com', 'one', true],
    ['shop.example.com', 'shop.example.com', 'one', true],
    ['Shop.Example.com', 'shop.example.com', 'one', true],
    ['example.com', 'shop.example.com', 'one', false],
    ['*.example.com', 'shop.example.com', 'one', true],
    ['*.example.com', 'a.shop.example.com', 'one', false],
    ['*.example.com', 'a.shop.example.com', 'any', true],
    ['*.example.com', 'example.com', 'any', false],
    ['*.example.com', 'shopexample.com', 'any', false],
  ])('%s takes %s (%s label): %s', (pattern, host, levels, fits) => {
    expect(hostFit(pattern, host, levels) !== undefined).toBe(fits);
  });

  it('the exact name is closer than a wildcard, a longer wildcard than a shorter one, any of them than none', () => {
    const fits = ['a.b.example.com', '*.b.example.com', '*.example.com', undefined].map((one) =>
      hostFit(one, 'a.b.example.com', 'any'),
    );
    expect(fits).toEqual([...fits].sort((a, b) => (b ?? 0) - (a ?? 0)));
    expect(new Set(fits).size).toBe(4);
  });
});

it.each<[string | undefined, string | undefined, boolean]>([
  [undefined, 'shop.example.com', true],
  ['shop.example.com', 'shop.example.com', true],
  ['*.example.com', 'shop.example.com', true],
  ['shop.example.com', '*.example.com', true],
  ['*.example.com', '*.shop.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'shop.example.net', false],
])('%s and %s have a name in common: %s', (a, b, meet) => {
  expect(hostsMeet(a, b)).toBe(meet);
});

it.each<[string, string, boolean]>([
  ['/', '/anything', true],
  ['/foo', '/foo', true],
  ['/foo', '/foo/', true],
  ['/foo/', '/foo', true],
  ['/foo', '/foo/bar', true],
  ['/foo', '/foobar', false],
  ['/foo/bar', '/foo', false],
])('%s is a prefix of %s: %s', (prefix, path, fits) => {
  expect(prefixFits(prefix, path)).toBe(fits);
});

it.each<[string, string, boolean]>([
  ['/source.*', '/source-1', true],
  ['/api/*', '/api/items', true],
  ['/api(/|$)(.*)', '/api', true],
  ['/other.*', '/source', false],
  ['/(', '/', false],
])('the pattern %s would take %s: %s', (pattern, path, fits) => {
  expect(isPattern(pattern)).toBe(true);
  expect(patternFits(pattern, path)).toBe(fits);
});
