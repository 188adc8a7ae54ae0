import { describe, expect, it } from 'vitest';
import { type FaultRow, faultsPage, idsInPage, parseRows } from '../../../scripts/generate/faults-page.ts';

const row = (rest: Partial<FaultRow>): FaultRow => ({
  suite: 'arp',
  fault: 'NT-ARP-001 > the gateway is gone',
  check: 'arp',
  id: 'NT-ARP-001',
  severity: 'critical',
  summary: 'The gateway does not answer.',
  ...rest,
});

describe('faultsPage', () => {
  it('has a table for each suite, in which nothing that a target says can break out', () => {
    const hostile = row({
      suite: 'dns',
      fault: 'names: <a>',
      id: 'NT-DNS-005',
      severity: 'info',
      summary: 'a|b\n*c*',
    });
    const page = faultsPage([hostile, row({})]);
    expect(page).toMatch(/^## arp$[\s\S]*^## dns$/m);
    expect(page).toContain('| the gateway is gone | NT-ARP-001 critical | The gateway does not answer. |\n');
    expect(page).toContain('| names: \\<a\\> | NT-DNS-005 info | a\\|b \\*c\\* |\n');
    expect(page).toContain('2 faults (2 findings)');
    expect([...idsInPage(page)]).toEqual([
      ['NT-ARP-001', 1],
      ['NT-DNS-005', 1],
    ]);
  });
});

describe('parseRows', () => {
  it('takes the last row of a test that ran twice, and both findings of one test', () => {
    const rows = [row({ summary: 'first' }), row({ id: 'NT-ARP-002' }), row({ summary: 'last' })];
    const text = rows.map((r) => `${JSON.stringify(r)}\n`).join('');
    expect(parseRows(text).map(({ id, summary }) => [id, summary])).toEqual([
      ['NT-ARP-001', 'last'],
      ['NT-ARP-002', 'The gateway does not answer.'],
    ]);
  });
});
