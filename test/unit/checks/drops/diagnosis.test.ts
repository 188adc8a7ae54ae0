import { describe, expect, it } from 'vitest';
import type { DropsInput } from '../../../../src/checks/drops/facts.ts';
import { judgeDrops } from '../../../../src/checks/drops/judge.ts';
import places from '../../../../src/checks/drops/places.ts';
import { planDrops } from '../../../../src/checks/drops/plan.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { evidence, result } from '../results.ts';
import { type Drop, OWN, watchText } from './watch.ts';

const INPUT: DropsInput = {
  durationMs: 0,
  scope: 'own',
  isHost: true,
  root: '',
  peers: [],
  own: [],
  names: {},
};
const snmp = (received: number) => result(`Ip: InReceives\nIp: ${received}\n`);
const judged = (drop: Drop, received: number): Judgement =>
  judgeDrops(
    evidence({
      drops: result(watchText([{ namespace: OWN, ...drop }])),
      'counters-before': snmp(1000),
      'counters-after': snmp(1000 + received),
    }),
    INPUT,
  );

describe('in the diagnosis of a node', () => {
  it.each([
    ['fewer than ten', 9, 100, 'info'],
    ['ten', 10, 100, 'warning'],
    ['less than a thousandth of what came', 10, 100_000, 'info'],
    ['a thousandth of what came', 100, 99_900, 'warning'],
  ])('drops that no sane network has, %s: %s of %s is %s', (_what, packets, received, severity) => {
    const [found] = judged({ reason: 'IP_RPFILTER', packets }, received).findings;
    expect(found).toMatchObject({ id: 'NT-DROP-002', severity });
    expect(found?.summary).toContain("in the host's namespace");
  });

  it('drops that may be meant are an info, however many', () => {
    expect(judged({ reason: 'NETFILTER_DROP', packets: 5000 }, 100).findings[0]).toMatchObject({
      id: 'NT-DROP-001',
      severity: 'info',
      summary: expect.stringContaining('its rules are read by "drops" of that node'),
    });
  });

  it.each(['NEIGH_FAILED', 'IP_OUTNOROUTES', 'BRIDGE_INGRESS_STP_STATE'])(
    'what pods that come and go have is an info, however many: %s',
    (reason) => {
      expect(judged({ reason, packets: 5000 }, 100).findings[0]?.severity).toBe('info');
    },
  );

  it('what could not be watched is said, and is no pass', () => {
    const unwatched = { ...INPUT, unwatched: 'the kernel refuses the program' };
    const judgement = judgeDrops(
      evidence({ 'counters-before': snmp(1), 'counters-after': snmp(2) }),
      unwatched,
    );
    expect(judgement.status).toBe('skip');
    expect(judgement.summary).toContain('was not measured: the kernel refuses the program');
  });

  it('is watched beside the probes, which wait for nothing', () => {
    const { before, probe, after } = planDrops(INPUT, PROBE_SCRIPTS);
    expect([before, probe, after].map((stage) => stage.map(({ id }) => id))).toEqual([
      ['counters-before'],
      [],
      ['counters-after'],
    ]);
    expect(places.plan(INPUT)).toMatchObject([
      {
        where: { kind: 'target' },
        during: { command: ['nettools-drops', '--for', '900'], printsAtEnd: true },
      },
    ]);
    expect(places.plan({ ...INPUT, durationMs: 4000 })).toEqual([]);
  });

  it('has what came of it, or why nothing did', () => {
    const seen = { ...result('watched'), id: 'seen' };
    const done = { id: 'node', evidence: { seen }, wasReady: true };
    expect(places.join(INPUT, [done]).evidence).toEqual({ drops: { ...seen, id: 'drops' } });
    const lastWords = 'capability: the kernel refuses the program';
    const failure = { kind: 'ended', code: 3, lastWords } as const;
    expect(places.join(INPUT, [{ ...done, evidence: {}, failure }]).input.unwatched).toBe(
      'the kernel refuses the program',
    );
  });
});
