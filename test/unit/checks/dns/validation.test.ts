/** NT-DNS-004 where it is the validation of DNSSEC that fails. */
import { describe, expect, it } from 'vitest';
import { SERVICE_ADDRESS } from './facts.ts';
import { againText, CONTROL, judgedRun } from './made-run.ts';

const NAME = 'shop.corp.test.';

/** @param says what becomes of each question that is asked again: two with CD, one that is to be checked, one with CD */
function summary(says: readonly string[]): string | undefined {
  const server = {
    address: SERVICE_ADDRESS,
    udp: (name: string) => (name === CONTROL ? '198.19.0.1' : 'SERVFAIL'),
  };
  const blocks = againText([NAME], (_type, nth) => says[nth] ?? '').split(/(?<=^;; MSG SIZE.*\n)/m);
  const again = blocks.slice(0, says.length).join('');
  return judgedRun([server], { names: [NAME], again }).findings.find(({ id }) => id === 'NT-DNS-004')
    ?.summary;
}

describe('a server that answers what it is not to check', () => {
  const open = '198.51.100.7';

  it('fails to validate', () => {
    expect(summary([open, open, 'SERVFAIL', open])).toContain('it is the validation of DNSSEC that fails');
  });

  it.each([
    ['it answers what is to be checked by now', [open, open, open, open]],
    ['time was up before it was asked what is to be checked', [open, open]],
  ])('is not known to fail to validate where %s', (_what, says) => {
    const told = summary(says);
    expect(told).toMatch(/SERVFAIL/);
    expect(told).not.toContain('DNSSEC');
  });
});
