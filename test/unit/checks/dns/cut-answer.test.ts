import { describe, expect, it } from 'vitest';
import { ids, judged, SERVICE_ADDRESS } from './facts.ts';
import { judgedRun } from './made-run.ts';

const NAME = 'crowd.test.svc.cluster.local.';
/** The server cuts the answer for this name by UDP, and says this by TCP. */
const run = (tcp: string, names = [NAME], udp = 'cut 198.51.100.1') =>
  judgedRun(
    [
      {
        address: SERVICE_ADDRESS,
        udp: (name) => (name === NAME ? udp : '198.19.0.1'),
        tcp: (name) => (name === NAME ? tcp : '198.19.0.1'),
      },
    ],
    { names },
  );

describe('NT-DNS-016', () => {
  it('is an info of a name that was asked for, beside the pass', () => {
    const { status, findings, summary } = run('198.51.100.1');
    expect(ids(findings)).toContain('NT-DNS-016 info');
    expect(status).toBe('pass');
    expect(summary).toMatch(
      /^The answer of 198\.19\.0\.10 \(kube-dns\) for crowd\.test\.svc\.cluster\.local\. A is truncated at 512 bytes: it has 1 of 1 addresses over UDP, and all of them over TCP\./,
    );
  });

  it.each([
    ['is not cut', run('198.51.100.1', [NAME], '198.51.100.1')],
    ['is cut by TCP too, or does not come', run('timed out')],
    ['nobody asked for', run('198.51.100.1', [])],
  ])('is not said of an answer that %s', (_what, { findings }) => {
    expect(ids(findings)).not.toContain('NT-DNS-016 info');
  });

  it('leaves answers to NT-DNS-003 whose TCP is blocked', () => {
    expect(ids(judged('truncated').findings)).toEqual(['NT-DNS-003 warning']);
  });
});
