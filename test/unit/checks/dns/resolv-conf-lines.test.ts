import { describe, expect, it } from 'vitest';
import { resolvConfLines } from '../../../../src/checks/dns/rules/resolv-conf-lines.ts';
import { factsOf, ids, query, SERVICE_ADDRESS } from './facts.ts';

const judged = (conf: string) =>
  resolvConfLines.judge(factsOf('healthy', {}, `nameserver ${SERVICE_ADDRESS}\n${conf}\n`));
const domains = (count: number, letters = 3): string =>
  Array.from({ length: count }, (_, i) => `${'d'.repeat(letters)}${i}.test`).join(' ');

describe('NT-DNS-019', () => {
  it('quotes a line that resolvers cannot read', () => {
    const [found] = judged('options ndots: 2');
    expect(found).toMatchObject({
      severity: 'warning',
      summary: expect.stringContaining('"options ndots: 2"'),
    });
    expect(found?.evidence[0]?.excerpt).toContain('options ndots: 2');
  });

  it.each([
    ['six domains', domains(6), []],
    ['seven domains', domains(7), ['NT-DNS-019 info']],
    ['five long domains', domains(5, 60), ['NT-DNS-019 info']],
  ])('of %s', (_what, search, expected) => {
    expect(ids(judged(`search ${search}`))).toEqual(expected);
  });

  it('says how long the list is', () => {
    expect(judged(`search ${domains(9)}`)[0]?.summary).toMatch(
      /^The search list has 9 domains and 89 characters: glibc before 2\.26 uses only 6 domains/,
    );
  });

  describe('of a name that an old resolver does not find', () => {
    const SEARCH = Array.from({ length: 9 }, (_, i) => `d${i}.test`);
    const at = (nth: number, origin: 'asked' | 'default', itself: readonly string[] = []) => {
      const facts = factsOf('healthy', {}, `nameserver ${SERVICE_ADDRESS}\nsearch ${SEARCH.join(' ')}\n`);
      const found = {
        name: `web.${SEARCH[nth - 1]}.`,
        answers: [query({ addresses: ['192.0.2.7'] })],
      };
      const plain = { name: 'web.', answers: [query({ addresses: itself })] };
      const name = { name: 'web', origin, candidates: [found, plain], found, cost: 2 * nth } as const;
      return resolvConfLines.judge({ ...facts, names: [{ ...name, resolver: undefined, again: undefined }] });
    };

    it('tells which domain it is found by', () => {
      const [found] = at(7, 'asked');
      expect(found).toMatchObject({ id: 'NT-DNS-019', severity: 'warning', subject: 'web' });
      expect(found?.summary).toMatch(
        /^web resolves by domain 7 of the 9 of the search list alone \(d6\.test\): glibc before 2\.26 uses only the first 6 of them/,
      );
    });

    it.each([
      ['one of the first six has it', at(6, 'asked')],
      ['nobody asked for it', at(7, 'default')],
      ['the name itself exists', at(7, 'asked', ['192.0.2.7'])],
    ])('is a remark where %s', (_why, found) => {
      expect(ids(found)).toEqual(['NT-DNS-019 info']);
    });
  });

  describe('of what musl leaves out', () => {
    const PLAIN = { answers: [query({ rcode: 'NXDOMAIN' })] };
    const of = (name: string, found: string, conf: string, origin: 'asked' | 'default' = 'asked') => {
      const facts = factsOf('healthy', {}, `nameserver ${SERVICE_ADDRESS}\n${conf}\n`);
      const there = { name: found, answers: [query({ addresses: ['192.0.2.7'] })] };
      const candidates = [{ name: `${name}.`, ...PLAIN }, there];
      const one = { name, origin, candidates, found: there, cost: 4, resolver: undefined, again: undefined };
      return resolvConfLines.judge({ ...facts, names: [one] });
    };

    it('tells a name of many dots that the search list alone makes whole', () => {
      const [found] = of('db.prod', 'db.prod.corp.test.', 'search corp.test\noptions ndots:1');
      expect(found).toMatchObject({ id: 'NT-DNS-019', severity: 'warning', subject: 'db.prod' });
      expect(found?.summary).toMatch(
        /^db\.prod does not exist as it is, and is found by the search list \(corp\.test\): with ndots 1 the C library of Alpine \(musl\) tries no search list for a name of 1 dot/,
      );
    });

    it.each([
      [
        'it has fewer dots than ndots',
        of('db.prod', 'db.prod.corp.test.', 'search corp.test\noptions ndots:5'),
      ],
      ['it exists as it is', of('db.prod', 'db.prod.', 'search corp.test')],
      ['nobody asked for it', of('db.prod', 'db.prod.corp.test.', 'search corp.test', 'default')],
    ])('is silent where %s', (_why, found) => {
      expect(found).toEqual([]);
    });

    it.each([
      ['of a name that goes through it', of('db.prod', 'db.prod.', 'search .\noptions ndots:5'), 'warning'],
      ['of a name that does not', of('db.prod', 'db.prod.', 'search .'), 'info'],
    ])('tells a search list of the root, %s', (_what, [found], severity) => {
      expect(found).toMatchObject({ id: 'NT-DNS-019', severity });
      expect(found?.summary).toMatch(/^The search list names the root \("search \."\)/);
    });
  });
});
