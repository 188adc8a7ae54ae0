import { describe, expect, it } from 'vitest';
import type { EndedContainer } from '../../../../src/checks/dns/facts.ts';
import { endedContainers } from '../../../../src/checks/dns/prepare-ended.ts';
import { crashing } from '../../../../src/checks/dns/rules/crashing.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { factsOf, ids, SERVICE_ADDRESS, service } from './facts.ts';

const NOW = Date.parse('2026-11-30T00:10:00Z');
const killed = (changes: Partial<EndedContainer> = {}): EndedContainer => ({
  pod: 'coredns-0',
  container: 'coredns',
  reason: 'OOMKilled',
  exitCode: 137,
  ageSeconds: 12,
  restarts: 3,
  isWaiting: false,
  memoryLimit: '12Mi',
  ...changes,
});
const judged = (ended: readonly EndedContainer[], server = SERVICE_ADDRESS) =>
  crashing.judge(
    factsOf(
      'healthy',
      { services: { value: [service('dns-healthy', { ended })] } },
      `nameserver ${server}\n`,
    ),
  );

describe('NT-DNS-022', () => {
  it('tells which pod, why, and how often', () => {
    const found = judged([killed()]);
    expect(ids(found)).toEqual(['NT-DNS-022 warning']);
    expect(found[0]?.summary).toMatch(
      /^A server behind kube-dns crashes: pod coredns-0 \(container coredns\) ended 12 s ago: OOMKilled \(limit 12Mi\), restarted 3 times; \d are ready\.$/,
    );
    expect(judged([killed({ reason: 'Error', exitCode: 1, isWaiting: true })])[0]?.summary).toContain(
      'Error, exit code 1, restarted 3 times, and is down until its next try (CrashLoopBackOff)',
    );
  });

  it("counts behind the node's cache, and not for a Service that is not asked", () => {
    expect(ids(judged([killed()], '169.254.20.10'))).toEqual(['NT-DNS-022 warning']);
    expect(judged([killed()], '192.0.2.53')).toEqual([]);
    expect(judged([])).toEqual([]);
  });
});

describe('what the kubelet reports', () => {
  const pod = (state: object, last?: object): Pod =>
    ({
      metadata: { name: 'coredns-0' },
      spec: { containers: [{ name: 'coredns', resources: { limits: { memory: '12Mi' } } }] },
      status: {
        containerStatuses: [
          {
            name: 'coredns',
            restartCount: 3,
            state,
            lastState: last === undefined ? {} : { terminated: last },
          },
        ],
      },
    }) as unknown as Pod;
  const ended = (reason: string, time: string) => ({
    reason,
    exitCode: 137,
    finishedAt: `2026-11-30T${time}Z`,
  });
  const running = { running: {} };

  it.each<[string, Pod, number]>([
    ['killed just now', pod(running, ended('OOMKilled', '00:09:48')), 1],
    ['killed ten minutes ago', pod(running, ended('OOMKilled', '00:00:00')), 1],
    ['dead now', pod({ terminated: ended('OOMKilled', '00:09:59') }), 1],
    ['waits', pod({ waiting: { reason: 'CrashLoopBackOff' } }, ended('Error', '00:05:00')), 1],
    ['ended once with an error', pod(running, ended('Error', '00:09:48')), 0],
    ['never ended', pod(running), 0],
  ])('%s', (_what, one, count) => {
    expect(endedContainers([one], NOW)).toHaveLength(count);
  });

  it('tells when, and the limit', () => {
    expect(endedContainers([pod(running, ended('OOMKilled', '00:09:48'))], NOW)).toEqual([killed()]);
    expect(endedContainers([pod(running, ended('OOMKilled', '00:00:00'))], NOW + 1000)).toEqual([]);
  });
});
