import { describe, expect, it } from 'vitest';
import type { StagedPlan } from '../../../src/model/check.ts';
import type { ProbeCommand, ProbeResult } from '../../../src/model/evidence.ts';
import { mergePlans, planLimitSeconds } from '../../../src/run/merged-plan.ts';

const command = (id: string, argv: readonly string[], timeoutSeconds = 5): ProbeCommand => ({
  id,
  argv,
  timeoutSeconds,
});
const plan = (rest: Partial<StagedPlan>): StagedPlan => ({ before: [], probe: [], after: [], ...rest });
const result = (id: string): ProbeResult => ({
  id,
  command: [id],
  status: 'exited',
  code: 0,
  durationMs: 1,
  stdout: id,
  stderr: '',
  truncated: false,
});

describe('mergePlans', () => {
  it('runs a command once that several ask for in the same stage', () => {
    const merged = mergePlans([
      plan({ before: [command('status', ['cat', 's'])], probe: [command('a', ['a'])] }),
      plan({ before: [command('mine', ['cat', 's'])], probe: [command('b', ['b'])] }),
    ]);
    expect(merged.plan.phases.map((phase) => phase.map((c) => c.argv.join(' ')))).toEqual([
      ['cat s'],
      ['a', 'b'],
    ]);
  });

  it('does not run what another command of the stage covers, and gives its results to both', () => {
    const more = command('more', ['way', 'a', 'ask']);
    const less = { ...command('less', ['way', 'a'], 9), coveredBy: more.argv };
    const merged = mergePlans([
      plan({ probe: [less], after: [{ ...less, id: 'later' }] }),
      plan({ probe: [more] }),
    ]);
    expect(merged.plan.phases).toEqual([
      [{ id: 'c0', argv: more.argv, timeoutSeconds: 9 }],
      [{ id: 'c1', argv: less.argv, timeoutSeconds: 9 }],
    ]);
    const all = { c0: { ...result('c0'), stdout: 'both' } };
    expect([merged.evidenceOf(0, all), merged.evidenceOf(1, all)]).toMatchObject([
      { less: { id: 'less', stdout: 'both' } },
      { more: { id: 'more', stdout: 'both' } },
    ]);
  });

  it('runs it again in another stage: before and after are two snapshots', () => {
    const counters = ['cat', 'c'];
    const merged = mergePlans([
      plan({ before: [command('before', counters)], after: [command('after', counters)] }),
    ]);
    expect(merged.plan.phases).toHaveLength(2);
  });

  it('gives every command an id of its own, whatever its plan called it', () => {
    const merged = mergePlans([
      plan({ probe: [command('same', ['a'])] }),
      plan({ probe: [command('same', ['b'])] }),
    ]);
    expect(new Set(merged.plan.phases.flat().map((c) => c.id)).size).toBe(2);
  });

  it('gives every plan its own results under its own names', () => {
    const merged = mergePlans([
      plan({ before: [command('status', ['s'])], probe: [command('x', ['a'])] }),
      plan({ before: [command('facts', ['s'])], probe: [command('x', ['b'])] }),
    ]);
    const all = Object.fromEntries(
      merged.plan.phases.flat().map((c) => [c.id, { ...result(c.id), stdout: c.argv.join(' ') }]),
    );
    const texts = (n: number) =>
      Object.entries(merged.evidenceOf(n, all)).map(([id, r]) => [id, r.id, r.stdout]);
    expect(texts(0)).toEqual([
      ['status', 'status', 's'],
      ['x', 'x', 'a'],
    ]);
    expect(texts(1)).toEqual([
      ['facts', 'facts', 's'],
      ['x', 'x', 'b'],
    ]);
    expect(merged.evidenceOf(0, {})).toEqual({});
    expect(merged.evidenceOf(7, all)).toEqual({});
  });

  it.each([
    [2, 7],
    [7, 2],
  ])('gives a command the longest time that one of its plans gives it (%d s, %d s)', (one, other) => {
    const merged = mergePlans([
      plan({ probe: [command('a', ['wait'], one)] }),
      plan({ probe: [command('b', ['wait'], other)] }),
    ]);
    expect(merged.plan.phases.flat()).toEqual([{ id: 'c0', argv: ['wait'], timeoutSeconds: 7 }]);
  });

  it('has no empty phase', () => {
    expect(mergePlans([plan({})]).plan.phases).toEqual([]);
  });
});

describe('planLimitSeconds', () => {
  it('is the sum of the slowest commands of all phases, and of what waits for others', () => {
    const ear = { ...command('d', [], 60), listens: true };
    const phases = [[command('a', [], 2), command('b', [], 6), ear], [command('c', [], 1)], []];
    expect(planLimitSeconds({ phases })).toBe(7 + 9 / 3);
    expect(planLimitSeconds({ phases: [] })).toBe(0);
  });
});
