import { describe, expect, it } from 'vitest';
import { parsePrivileges } from '../../../src/parsers/proc-status.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parsePrivileges', () => {
  it('reads what root with the netadmin profile may do', () => {
    const privileges = parsePrivileges(recording('proc-status-netadmin').stdout);
    expect(privileges?.uid).toBe(0);
    expect(privileges?.capabilities).toEqual(expect.arrayContaining(['NET_ADMIN', 'NET_RAW']));
  });

  it('reads that the restricted profile may do nothing', () => {
    expect(parsePrivileges(recording('proc-status-restricted').stdout)).toEqual({
      uid: 65532,
      capabilities: [],
    });
  });

  it('reads what is effective, and neither what is permitted nor the real user', () => {
    const text = 'Uid:\t1000\t0\t1000\t1000\nCapPrm:\tffffffffffffffff\nCapEff:\t0000000000002000\n';
    expect(parsePrivileges(text)).toEqual({ uid: 0, capabilities: ['NET_RAW'] });
  });

  it.each([
    '',
    'cat: /proc/self/status: Permission denied',
    'Uid:\t0\t0\t0\t0\n',
    'CapEff:\t0000000000000000\n',
    'Uid:\t0\t0\nCapEff:\txyz\n',
  ])('is undefined for %j', (text) => {
    expect(parsePrivileges(text)).toBeUndefined();
  });
});
