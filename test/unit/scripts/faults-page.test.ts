import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type FaultRow,
  faultsPage,
  PROVEN_ELSEWHERE,
  parseRows,
  rowsOfPage,
} from '../../../scripts/generate/faults-page.ts';
import { root } from '../../../scripts/lib/process.ts';
import { CHECKS } from '../../../src/checks/registry.ts';
import { SKIPPED } from '../../../src/checks/shared/skipped.ts';

const row = (rest: Partial<FaultRow>): FaultRow => ({
  suite: 'arp',
  fault: 'NT-ARP-001 > the gateway is gone',
  id: 'NT-ARP-001',
  severity: 'critical',
  summary: 'The gateway does not answer.',
  ...rest,
});

describe('docs/faults.md', () => {
  const rows = rowsOfPage(readFileSync(path.join(root, 'docs/faults.md'), 'utf8'));
  const ids = new Set(rows.map(({ id }) => id));

  const elsewhere = PROVEN_ELSEWHERE.flatMap((one) => one.ids);

  it('has a fault for every finding, or says what proves it', () => {
    const known = [...Object.values(CHECKS).flatMap(({ findings }) => findings), SKIPPED].map(({ id }) => id);
    expect([...new Set([...ids, ...elsewhere])].sort(), 'npm run faults makes it anew').toEqual(
      [...new Set(known)].sort(),
    );
  });

  it.each(PROVEN_ELSEWHERE)('names a test that knows $ids', (one) => {
    const text = readFileSync(path.join(root, one.test), 'utf8');
    expect(one.ids.filter((id) => !text.includes(id))).toEqual([]);
  });

  it('has at least 35 faults', () => {
    expect(rows.length).toBeGreaterThanOrEqual(35);
  });
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
    expect(rowsOfPage(page)).toEqual([
      row({ fault: 'the gateway is gone' }),
      { ...hostile, summary: 'a|b *c*' },
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
