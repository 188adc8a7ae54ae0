import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/probes/redact.ts';

describe('redact', () => {
  it.each([
    ['> Authorization: Basic dXNlcjpwYXNz', '> Authorization: [redacted]'],
    ['proxy-authorization: Negotiate abc\r\nhost: a', 'proxy-authorization: [redacted]\nhost: a'],
    ['a\n< Set-Cookie: id=1; Path=/\nb', 'a\n< Set-Cookie: [redacted]\nb'],
    ['sent bearer abcdef.ghij-klm', 'sent bearer [redacted]'],
    ['token=eyJhbGciOiJSUzI1.eyJzdWIi.c2ln;', 'token=[redacted];'],
    ['http://user:p@ss@proxy.example:3128/', 'http://[redacted]@proxy.example:3128/'],
    [
      '< Location: https://a.example/x?token=abc&to=/b c',
      '< Location: https://a.example/x?token=[redacted]&to=[redacted] c',
    ],
  ])('takes the secret out of %j', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    ['basic auth is off'],
    ['nameserver 192.0.2.53'],
    ['https://a.example:8443/path@2'],
    ['eyJ.eyJ.'],
    ['is it so? a=b'],
  ])('leaves %j as it is', (text) => {
    expect(redact(text)).toBe(text);
  });

  // As much as the runner sends of one command. A pattern that tries each place anew would take hours.
  it.each([
    '\n',
    ' ',
    '<',
    'eyJ',
    'eyJ-',
    'eyJaaaaaaaaaa.',
    '://a:b',
    'basic ',
    'bearer',
    'cookie:',
    '?',
    '?a=',
    '?a',
  ])('comes to its end with a megabyte of %j', (unit) => {
    const text = unit.repeat(Math.ceil(1_048_576 / unit.length));
    expect(redact(text).length).toBeGreaterThan(0);
  });
});
