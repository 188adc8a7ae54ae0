import { describe, expect, it } from 'vitest';
import { resolvConfLines } from '../../../../src/checks/dns/rules/resolv-conf-lines.ts';
import { factsOf, ids, SERVICE_ADDRESS } from './facts.ts';

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
});
