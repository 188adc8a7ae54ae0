import { describe, expect, it } from 'vitest';
import { CURL_FORMAT, parseCurl } from '../../../src/parsers/curl.ts';
import { recording } from '../../recordings/recordings.ts';

const recorded = (name: string) => {
  const { argv, stdout } = recording(name);
  // A recording that was made with another format would say nothing about this one.
  expect(argv).toContain(CURL_FORMAT);
  return parseCurl(stdout);
};

describe('parseCurl', () => {
  it('reads an answer that comes at once', () => {
    const timing = recorded('curl-ok');
    expect(timing?.status).toBe(200);
    expect(timing?.readyMs).toBe(timing?.connectMs);
    expect(timing?.connectMs).toBeGreaterThan(0);
    expect(timing?.firstByteMs).toBeGreaterThan(timing?.connectMs ?? 0);
    expect(timing?.firstByteMs).toBeLessThan(1000);
  });

  it('is ready to ask when TLS is', () => {
    const timing = recorded('curl-tls');
    expect(timing?.readyMs).toBeGreaterThan(timing?.connectMs ?? 0);
    expect(timing?.firstByteMs).toBeGreaterThan(timing?.readyMs ?? 0);
  });

  it('reads when the first byte came late', () => {
    const timing = recorded('curl-slow-server');
    expect(timing?.firstByteMs).toBeGreaterThan(1400);
    expect(timing?.connectMs).toBeLessThan(100);
  });

  it('reads that no byte came', () => {
    expect(recorded('curl-no-answer')).toMatchObject({ status: 0, firstByteMs: null });
    expect(recorded('curl-no-answer')?.totalMs).toBeGreaterThan(1900);
  });

  it('is undefined without a connection', () => {
    expect(recorded('curl-refused')).toBeUndefined();
  });

  // Made by hand: no recording has the words of a mesh's proxy.
  it.each([
    ['404 0.1 0.0 0.2 0.2 192.0.2.9 no route found\n', 'no route found'],
    ['404 0.1 0.0 0.2 0.2 192.0.2.9 \n', undefined],
    ['404 0.1 0.0 0.2 0.2 192.0.2.9 %header{l5d-proxy-error}\n', undefined],
    [`404 0.1 0.0 0.2 0.2 192.0.2.9 ${'x'.repeat(9000)}\n`, 'x'.repeat(200)],
  ])('reads what a proxy says of its answer: %j', (text, said) => {
    expect(parseCurl(text)).toMatchObject({ status: 404, remote: '192.0.2.9' });
    expect(parseCurl(text)?.proxyError).toBe(said);
  });

  it.each([
    ['https://shop.example/\n308 0.1 0.0 0.2 0.2 192.0.2.9 \n', 'https://shop.example/'],
    ['\n200 0.1 0.0 0.2 0.2 192.0.2.9 \n', undefined],
    ['200 0.1 0.0 0.2 0.2 192.0.2.9\n', undefined],
  ])('reads where an answer leads to: %j', (text, redirect) => {
    expect(parseCurl(text)).toMatchObject({ remote: '192.0.2.9' });
    expect(parseCurl(text)?.redirect).toBe(redirect);
  });

  it.each([
    '',
    '\n',
    'curl: (6) Could not resolve host',
    '200',
    '200 0.001 0.0 0.1',
    '200 0.1 x 0.2 0.3',
    '<html> a b c d',
  ])('is undefined for %j', (text) => {
    expect(parseCurl(text)).toBeUndefined();
  });
});
