import { describe, expect, it } from 'vitest';
import { maskQueries, maskQuery } from '../../../src/model/mask-query.ts';

describe('maskQuery', () => {
  it.each([
    ['https://a.example/x?token=s3cret&v=1#part', 'https://a.example/x?token=[redacted]&v=[redacted]#part'],
    ['GET "https://a.example/?a[0]=b=c" and d=e', 'GET "https://a.example/?a[0]=[redacted]" and d=e'],
    ['https://a.example/x?', 'https://a.example/x?'],
    ['is it so? a=b', 'is it so? a=b'],
  ])('of %j gives %j', (text, masked) => {
    expect(maskQuery(text)).toBe(masked);
    expect(maskQuery(masked)).toBe(masked);
  });

  it('reaches every string of plain JSON, and nothing else', () => {
    const input = { urls: [{ url: 'http://a/?k=v', n: 1 }], none: null, is: true };
    expect(maskQueries(input)).toEqual({ ...input, urls: [{ url: 'http://a/?k=[redacted]', n: 1 }] });
    expect(maskQueries(undefined)).toBeUndefined();
  });
});
