import { describe, expect, it } from 'vitest';
import { tlsTables } from '../../../../src/checks/tls/tables.ts';

const server = {
  name: 'shop.example.com:443',
  port: '443',
  protocol: 'TLSv1.3',
  alpn: 'h2',
  trust: '0 (ok)',
  names: [
    { name: 'shop.example.com', matches: false },
    { name: 'www.example.com', matches: true },
  ],
  subject: 'CN=example.com',
  issuer: 'CN=ca',
  alternativeNames: ['example.com'],
  notAfter: '2027-02-22T09:24Z',
  daysLeft: 89,
};
const row = (more: object) => tlsTables({ servers: [{ ...server, ...more }] as never })[0]?.rows[0];

describe('tlsTables', () => {
  it('has a row for each server', () => {
    const [name, port, protocol, alpn, , ...rest] = row({}) ?? [];
    expect([name, port, protocol, alpn]).toEqual(['shop.example.com:443', '443', 'TLSv1.3', 'h2']);
    expect(rest).toEqual(['2027-02-22T09:24Z', '89', 'CN=ca', 'ok']);
  });

  it.each([
    ['the name that clients use', {}, 'www.example.com'],
    ['else the first that it is for', { names: [] }, 'example.com'],
    ['else its subject', { names: [], alternativeNames: [] }, 'CN=example.com'],
    ['else nothing', { names: undefined, alternativeNames: undefined, subject: undefined }, '-'],
  ])('names %s', (_which, more, name) => {
    expect(row(more)?.[4]).toBe(name);
  });

  it.each([
    ['18 (self-signed certificate)', '18 (self-signed certificate)'],
    ['10 (ok) 0 (ok)', '10 (ok) 0 (ok)'],
    [null, '-'],
  ])('shows what OpenSSL says of the trust: %j', (trust, shown) => {
    expect(row({ trust })?.[8]).toBe(shown);
  });
});
