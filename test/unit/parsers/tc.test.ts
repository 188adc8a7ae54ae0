import { describe, expect, it } from 'vitest';
import { parseQdiscs } from '../../../src/parsers/tc.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseQdiscs', () => {
  it("reads a pod's interfaces, which queue nothing", () => {
    expect(parseQdiscs(recording('tc-noqueue').stdout)).toEqual([
      { kind: 'noqueue', device: 'lo', handle: '0:', backlogBytes: 0, drops: 0 },
      { kind: 'noqueue', device: 'eth0', handle: '0:', backlogBytes: 0, drops: 0 },
    ]);
  });

  it('reads the backlog of a rate limit', () => {
    const tbf = parseQdiscs(recording('tc-tbf-backlog').stdout)?.find((q) => q.kind === 'tbf');
    expect(tbf).toMatchObject({ device: 'ntr-c', drops: expect.any(Number) });
    expect(tbf?.backlogBytes).toBeGreaterThan(1000);
  });

  it('is undefined for JSON that is cut', () => {
    const stdout = recording('tc-tbf-backlog').stdout.trimEnd();
    for (let end = 0; end < stdout.length; end++) expect(parseQdiscs(stdout.slice(0, end))).toBeUndefined();
  });

  it.each(['', 'Object "qdisc" is unknown', '{}', 'null', '3', '"x"'])('is undefined for %j', (text) => {
    expect(parseQdiscs(text)).toBeUndefined();
  });

  it.each([
    ['[]', []],
    ['[null, 1, "x"]', []],
    ['[{}]', [{ kind: '', device: '', handle: '', backlogBytes: 0, drops: 0 }]],
  ])('reads what there is in %s', (text, qdiscs) => {
    expect(parseQdiscs(text)).toEqual(qdiscs);
  });
});
