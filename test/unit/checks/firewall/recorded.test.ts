import { describe, expect, it } from 'vitest';
import type { FirewallInput } from '../../../../src/checks/firewall/facts.ts';
import { judgeFirewall } from '../../../../src/checks/firewall/judge.ts';
import { judge } from '../../../../src/checks/report.ts';
import type { Finding, Report } from '../../../../src/model/report.ts';
import { quoted, ROWS, seenIn } from '../../../faults/causes.ts';
import { bundleRecording } from '../../../recordings/recordings.ts';
import { problemsOf, recorded } from '../recorded-ways.ts';

const reportOf = (name: string): Report => judge(bundleRecording(name).bundle);

function problems(name: string): Finding[] {
  const { checks } = reportOf(name);
  return checks.flatMap((check) => check.findings.filter((f) => f.severity !== 'info'));
}

describe('recorded causes', () => {
  it.each(ROWS)('$cause', ({ name, expected, kind, seen, evidence }) => {
    const [first] = problems(`firewall-${name}`);
    expect(`${first?.id} ${first?.severity}`).toBe(`${expected.id} ${expected.severity}`);
    expect(first?.summary).toMatch(expected.says);
    expect(first && quoted(first)).toMatch(evidence);
    expect(first?.evidence.every(({ excerpt }) => excerpt !== '')).toBe(true);
    expect(first?.subject).not.toBeUndefined();
    expect(seenIn(reportOf(`firewall-${name}`))).toEqual({ kind, seen: expect.stringMatching(seen) });
  });

  it.each(
    ROWS.flatMap(({ name, cause, seen, restricted }) =>
      restricted ? [{ name, cause, seen, ...restricted }] : [],
    ),
  )('$cause, without rights', ({ name, expected, kind, seen }) => {
    const [first] = problems(`firewall-${name}-restricted`);
    expect(first?.id).toBe(expected.id);
    expect(first?.summary).toMatch(expected.says);
    expect(seenIn(reportOf(`firewall-${name}-restricted`))).toEqual({
      kind,
      seen: expect.stringMatching(seen),
    });
  });

  // A foreign image has no prober, a kernel before 5.9 no such queue: counters of the namespace tell the kind alone.
  it.each([
    ['node-reject', 'NT-FW-004', /from a host that could not be seen \(listening needs NET_RAW\)/],
    ['admin-prohibited', 'NT-FW-003', /by a host that could not be seen \(listening needs NET_RAW\)/],
    ['router-no-route', 'NT-RT-007', /: a host that could not be seen \(listening needs NET_RAW\) has no/],
    ['arp-last-hop', 'NT-ARP-002', /: a host that could not be seen \(listening needs NET_RAW\) looked/],
  ])('%s, where neither a listener nor the socket is told', (name, id, says) => {
    const [first] = problems(`firewall-${name}-untold`);
    expect(first?.id).toBe(id);
    expect(first?.summary).toMatch(says);
  });

  it('is silent where nothing is wrong', () => {
    const { checks, verdict } = judge(bundleRecording('firewall-healthy').bundle);
    expect(checks[0]?.findings).toEqual([]);
    expect(verdict).toBe('pass');
  });

  it('cannot judge without bash, and says so', () => {
    const { checks, verdict } = judge(bundleRecording('firewall-busybox').bundle);
    expect(verdict).toBe('unknown');
    expect(checks[0]?.status).toBe('error');
    expect(checks[0]?.summary).toMatch(/could not be judged: the image has no bash/);
  });
});

describe('a refusal of a port that nobody asked for', () => {
  const { evidence, input } = recorded<FirewallInput>('firewall-no-listener-tcp');
  const asked = (anyPort: boolean) =>
    judgeFirewall(evidence, { ...input, destinations: input.destinations.map((d) => ({ ...d, anyPort })) });

  it('is an answer', () => {
    expect(problemsOf(asked(false))).toEqual([expect.stringContaining('NT-SOCK-001')]);
    const { status, findings, summary } = asked(true);
    expect({ status, findings }).toEqual({ status: 'pass', findings: [] });
    expect(summary).toMatch(
      /^Nothing blocks TCP 198[.\d]+:8081: packets get there and back \("Connection refused"; no port was asked for\); no NetworkPolicy/,
    );
  });
});

describe('who did it', () => {
  it('finds the one rule of legacy iptables, and leaves the other alone', () => {
    const found = problems('firewall-iptables');
    expect(found.map((f) => [f.id, f.causedBy])).toEqual([
      ['NT-FW-005', undefined],
      ['NT-FW-007', undefined],
      ['NT-FW-001', 'NT-FW-005'],
    ]);
    expect(found[0]?.summary).toMatch(
      /A rule of iptables \(legacy\) stops the answers .*: -t filter -A INPUT -p tcp -m tcp --sport 8080 -j DROP\.$/,
    );
  });

  it('puts what follows from a rule under it', () => {
    expect(problems('firewall-local-drop-counted').map((f) => [f.id, f.causedBy])).toEqual([
      ['NT-FW-005', undefined],
      ['NT-FW-002', 'NT-FW-005'],
    ]);
  });

  it('says where no rule here has done it', () => {
    const { findings } = judge(bundleRecording('firewall-remote-drop').bundle).checks[0] ?? { findings: [] };
    expect(findings.map((f) => f.id)).toEqual(['NT-FW-001', 'NT-FW-009']);
  });

  it('does not say so where a rule without a counter may have', () => {
    const { evidence, input } = recorded<FirewallInput>('firewall-remote-drop');
    const ruleset = (rule: object) =>
      JSON.stringify({
        nftables: [
          { chain: { family: 'ip', table: 't', name: 'c', hook: 'input', policy: 'accept' } },
          { rule: { family: 'ip', table: 't', chain: 'c', handle: 2, expr: [rule, { drop: null }] } },
        ],
      });
    const sport = (port: number) => ({
      match: { op: '==', left: { payload: { protocol: 'tcp', field: 'sport' } }, right: port },
    });
    const ids = (stdout: string) => {
      const after = evidence['nft-after'];
      if (!after) throw new Error('no ruleset');
      const nft = { ...after, stdout };
      return judgeFirewall({ ...evidence, 'nft-before': nft, 'nft-after': nft }, input).findings.map(
        (f) => f.id,
      );
    };
    expect(ids(ruleset(sport(8080)))).toEqual(['NT-FW-001']);
    expect(ids(ruleset(sport(8081)))).toEqual(['NT-FW-001', 'NT-FW-009']);
  });
});

describe('policies', () => {
  const denied = recorded<FirewallInput>('firewall-policy-denied');
  const unenforced = recorded<FirewallInput>('firewall-policy-unenforced');

  it('names the policy that denies, as the cause of the silence', () => {
    expect(problems('firewall-policy-denied').map((f) => [f.id, f.causedBy])).toEqual([
      ['NT-FW-006', undefined],
      ['NT-FW-001', 'NT-FW-006'],
    ]);
    expect(problems('firewall-policy-denied')[0]?.summary).toMatch(/ingress: [^ ]+\/deny-ingress/);
  });

  it('says what is not enforced', () => {
    expect(problems('firewall-policy-unenforced').map((f) => f.id)).toEqual(['NT-FW-010']);
  });

  it('takes no blame for a drop that the policies allow', () => {
    const policies = { ...denied.input.policies, policies: [] };
    const judged = judgeFirewall(denied.evidence, { ...denied.input, policies });
    expect(problemsOf(judged)).toEqual(['NT-FW-001 critical']);
    expect(judged.summary).toMatch(/no NetworkPolicy selects either end/);
  });

  it('knows nothing where policies may not be read', () => {
    const { policies } = unenforced.input;
    const namespace = policies.self.namespace;
    const unread = [{ what: `NetworkPolicies of namespace ${namespace}`, reason: 'the user may not' }];
    const judged = judgeFirewall(unenforced.evidence, {
      ...unenforced.input,
      policies: { ...policies, policies: [], unreadPolicies: [namespace], unread },
    });
    expect(problemsOf(judged)).toEqual([]);
    expect(judged.summary).toMatch(/what NetworkPolicies say is not known/);
    expect(judged.findings.map((f) => f.summary)).toEqual([
      `NetworkPolicies of namespace ${namespace}: the user may not.`,
    ]);
  });

  it("does not take a Service's address for a peer", () => {
    const { policies, destinations } = unenforced.input;
    const egress = {
      namespace: policies.self.namespace,
      name: 'egress',
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: {} }] }],
    };
    const id = destinations[0]?.id ?? '';
    const at = (services: readonly string[]) =>
      problemsOf(
        judgeFirewall(unenforced.evidence, {
          destinations,
          policies: { ...policies, policies: [egress], pods: {}, services },
        }),
      );
    expect(at([])).toEqual(['NT-FW-010 warning']);
    expect(at([id])).toEqual([]);
  });
});

describe('NT-FW-008', () => {
  const { evidence, input } = recorded<FirewallInput>('firewall-healthy');

  it.each([
    { invalid: 0, resets: 5, expected: [] },
    { invalid: 5, resets: 0, expected: [] },
    { invalid: 2, resets: 2, expected: ['NT-FW-008 warning'] },
    // Once may be a late packet, or a probe that hung up before it had read what the server said.
    { invalid: 1, resets: 2, expected: [] },
    { invalid: 2, resets: 1, expected: [] },
  ])('$invalid invalid packets and $resets resets', ({ invalid, resets, expected }) => {
    const one = (stdout: string) => {
      const like = evidence['status'];
      if (!like) throw new Error('no status');
      return { ...like, stdout };
    };
    const stat = (n: number) =>
      one(`entries invalid insert_failed\n00000001 0000000${n.toString(16)} 00000000\n`);
    const snmp = (n: number) => one(`Tcp: AttemptFails EstabResets\nTcp: 0 ${n}\n`);
    const judged = judgeFirewall(
      {
        ...evidence,
        'conntrack-before': stat(0),
        'conntrack-after': stat(invalid),
        'counters-before': snmp(7),
        'counters-after': snmp(7 + resets),
      },
      input,
    );
    expect(problemsOf(judged)).toEqual(expected);
  });
});

describe('judging again', () => {
  it('gives the same report', () => {
    const { bundle } = bundleRecording('firewall-policy-denied');
    expect(judge(bundle)).toEqual(judge(JSON.parse(JSON.stringify(bundle))));
  });
});
