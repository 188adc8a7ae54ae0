import { describe, expect, it } from 'vitest';
import { judgeConntrack } from '../../../../src/checks/conntrack/judge.ts';
import { policyClause } from '../../../../src/checks/firewall/policy-answer.ts';
import { CHECKS } from '../../../../src/checks/registry.ts';
import { PLACE_WORDS, POD_WORDS } from '../../../../src/checks/shared/place-words.ts';
import { because, noRight, noTool, tell } from '../../../../src/checks/shared/reason.ts';
import type { Check } from '../../../../src/model/check.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import { CASES } from '../cases.ts';
import { evidence, result } from '../results.ts';

describe('a reason', () => {
  it.each([
    ['pod', noTool('dig'), 'the image has no dig'],
    ['docker', noTool('dig'), 'the image has no dig'],
    ['local', noTool('dig'), 'this machine has no dig'],
    ['netns', because('ip prints no JSON', 'poor-tool'), "this machine's ip prints no JSON"],
    ['node', noRight('listening needs NET_RAW'), 'listening needs NET_RAW: use --profile netadmin'],
    ['pid', noRight('listening needs NET_RAW'), 'listening needs NET_RAW: run it as root (sudo)'],
    ['local', because('it was cut'), 'it was cut'],
  ] as const)('of %s: %j', (kind, reason, words) => {
    expect(tell(reason, PLACE_WORDS[kind])).toBe(words);
  });
});

describe('every check', () => {
  const gone = (one: ProbeResult): ProbeResult => ({
    ...one,
    status: 'missing',
    code: 127,
    stdout: '',
    stderr: '',
  });

  it.each(CASES)('speaks of this machine where it has no tool: $name', ({ check, input, evidence: seen }) => {
    const missing = Object.fromEntries(Object.entries(seen).map(([id, one]) => [id, gone(one)]));
    const judged = (CHECKS[check] as Check<unknown>).judge(missing, input, PLACE_WORDS.local);
    const told = [judged.summary, ...judged.findings.map((f) => f.summary)].join('\n');
    expect(told).not.toMatch(/the image|--profile/);
  });
});

describe('the connection table', () => {
  it.each([
    ['docker', "no connection is tracked in the container's own namespace; those of published ports and NAT"],
    ['netns', "no connection is tracked in this namespace; those of the machine's firewall and NAT"],
    [
      'pod',
      "no connection is tracked in the pod's own namespace; those of Services, NetworkPolicies and NAT",
    ],
  ] as const)('of %s', (kind, words) => {
    const none = evidence({
      'fill-after': result('0\n100\n'),
      'fill-before': result('0\n100\n'),
    });
    expect(
      judgeConntrack(none, { watchMs: 0, isNode: false, criticalShare: 0.95 }, PLACE_WORDS[kind]).summary,
    ).toContain(words);
  });
});

describe('what policies say', () => {
  const none = { verdict: 'none', backends: [] } as const;

  it('goes without saying where no cluster is', () => {
    expect(policyClause(none, POD_WORDS)).toBe(
      '; no NetworkPolicy selects either end, so it is none of them',
    );
    expect(policyClause(none, PLACE_WORDS.docker)).toBe('');
    expect(policyClause({ ...none, verdict: 'denied' }, PLACE_WORDS.docker)).toMatch(
      /^; the NetworkPolicies/,
    );
  });
});
