import { describe, expect, it } from 'vitest';
import { byLead } from '../../../src/model/lead.ts';
import type { Severity } from '../../../src/model/report.ts';

const one = (id: string, severity: Severity, subject?: string) => ({
  id,
  severity,
  ...(subject === undefined ? {} : { subject }),
});

describe('byLead', () => {
  it('has the gravest first, and what DEST comes to before a share of what the name server gets', () => {
    const share = one('NT-LAT-002', 'critical', 'dns');
    const far = one('NT-FW-001', 'critical', 'pod/far:8080');
    const slow = one('NT-LAT-001', 'warning', 'a');
    // In the order of their checks.
    expect([slow, share, far].sort(byLead)).toEqual([far, share, slow]);
    // All of the name server's is another matter, and so is a share of DEST's.
    const none = one('NT-DNS-001', 'critical', 'dns');
    expect([none, far].sort(byLead)).toEqual([none, far]);
    const near = one('NT-LAT-002', 'critical', 'pod/near:80');
    expect([near, far].sort(byLead)).toEqual([near, far]);
  });
});
