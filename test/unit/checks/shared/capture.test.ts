import { describe, expect, it } from 'vitest';
import type { FirewallInput } from '../../../../src/checks/firewall/facts.ts';
import { judgeFirewall } from '../../../../src/checks/firewall/judge.ts';
import { icmpCapture, unreachablesOf } from '../../../../src/checks/shared/capture.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import { recorded } from '../recorded-ways.ts';
import { result } from '../results.ts';

const LISTENING = 'tcpdump: data link type LINUX_SLL2\nlistening on any, link-type LINUX_SLL2\n';
const LINE =
  'IP 198.51.100.1 > 198.51.100.7: ICMP host 203.0.113.9 unreachable - admin prohibited, length 68\n';
const heard = (stdout: string, rest: Partial<ProbeResult> = {}) =>
  unreachablesOf(
    { id: 'icmp-errors', ...result(stdout, { status: 'timeout', code: 124, stderr: LISTENING, ...rest }) },
    undefined,
  );

const MOST = Number(icmpCapture.argv[icmpCapture.argv.indexOf('-c') + 1]);

describe('unreachablesOf', () => {
  it('is all that was heard, where the capture went on to the end of the probes', () => {
    expect(heard('')).toEqual({ value: [] });
    expect(heard(LINE).value).toHaveLength(1);
    expect(heard(LINE.repeat(MOST - 1)).value).toHaveLength(1);
  });

  it.each([
    [
      'it ended with the last that it listens for',
      LINE.repeat(MOST),
      { status: 'exited', code: 0 },
      /only the first 200/,
    ],
    [
      'it counted as many',
      LINE,
      {
        stderr: `${LISTENING}200 packets captured\n200 packets received by filter\n0 packets dropped by kernel\n`,
      },
      /only the first 200/,
    ],
    [
      'the kernel dropped some',
      LINE,
      {
        stderr: `${LISTENING}1 packet captured\n9 packets received by filter\n8 packets dropped by kernel\n`,
      },
      /lost 8/,
    ],
    ['its output was cut', LINE, { truncated: true }, /1 MiB/],
  ] as const)('is a part where %s', (_what, stdout, rest, says) => {
    const { value, part, skipped } = heard(stdout, rest);
    expect(value).toBeUndefined();
    expect(part).toHaveLength(1);
    expect(skipped?.text).toMatch(says);
  });
});

describe('a capture that was full before the probe', () => {
  const run = recorded<FirewallInput>('firewall-remote-drop');
  const flood = {
    ...run.evidence['icmp-errors'],
    stdout: LINE.repeat(MOST),
    status: 'exited',
    code: 0,
  } as ProbeResult;

  it('is told, and is no sign that nobody sent an error', () => {
    const judged = judgeFirewall({ ...run.evidence, 'icmp-errors': flood }, run.input);
    expect(judged.summary).toContain('nobody sent an error that could be seen');
    expect(judged.findings.map((f) => f.summary).join('\n')).toMatch(
      /who sent an ICMP error: only the first 200 ICMP errors were recorded, and that many came/,
    );
  });
});
