import { describe, expect, it } from 'vitest';
import type { ArpInput } from '../../../../../src/checks/arp/facts.ts';
import { judgeArp } from '../../../../../src/checks/arp/judge.ts';
import { recorded } from '../../recorded-ways.ts';

const healthy = recorded<ArpInput>('arp-healthy');
const near = healthy.input.destinations.find(({ label }) => label === 'pod/near')?.host ?? '';
const GATEWAY = '198.18.1.1';
const OLD = '02:00:00:00:00:99';

interface Entry {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state: readonly string[];
}

const after = healthy.evidence['neighbours'];
const entries = JSON.parse(after?.stdout ?? '[]') as Entry[];

/** The healthy run, where the kernel knew these before. */
function judged(before: readonly Entry[], more: Readonly<Record<string, string>> = {}) {
  if (after === undefined) throw new Error('no neighbours were recorded');
  const changed = Object.entries(more).flatMap(([id, stdout]) => {
    const result = healthy.evidence[id];
    return result === undefined ? [] : [[id, { ...result, stdout }] as const];
  });
  const evidence = {
    ...healthy.evidence,
    ...Object.fromEntries(changed),
    'neighbours-before': { ...after, id: 'neighbours-before', stdout: JSON.stringify(before) },
  };
  return judgeArp(evidence, healthy.input).findings.filter(({ id }) => id === 'NT-ARP-008');
}
const known = (dst: string, lladdr: string, state: string): Entry => ({
  dst,
  dev: 'eth0',
  lladdr,
  state: [state],
});

describe('NT-ARP-008', () => {
  it.each([
    ['REACHABLE', 'warning'],
    ['DELAY', 'warning'],
    ['PROBE', 'warning'],
    ['STALE', 'info'],
  ])('of an entry that was %s is a %s', (state, severity) => {
    for (const [address, subject] of [
      [GATEWAY, undefined],
      [near, 'pod/near'],
    ] as const) {
      const [found] = judged([known(address, OLD, state)]);
      expect(found?.severity).toBe(severity);
      expect(found?.subject).toBe(subject);
      expect(found?.summary).toContain(`had ${OLD} on eth0 for`);
      expect(found?.summary).toMatch(/the run made the kernel ask again, and it is right now\.$/);
      expect(found?.evidence[0]?.excerpt).toBe(`${address} dev eth0 lladdr ${OLD} ${state}`);
    }
  });

  it.each([
    ['it was the same', entries],
    ['there was none', []],
    ['it was being asked for', [known(near, OLD, 'FAILED')]],
    ['somebody has written it by hand', [known(near, OLD, 'PERMANENT')]],
    [
      'the gateway answered for it (proxy ARP)',
      [known(near, entries.find(({ dst }) => dst === GATEWAY)?.lladdr ?? '', 'STALE')],
    ],
  ])('is silent where %s', (_why, before) => {
    expect(judged(before)).toEqual([]);
  });
});
