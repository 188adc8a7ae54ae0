/** NT-MTU-006 of HTTP: what stalls is asked for again in smaller segments, and what comes of it. */
import { describe, expect, it } from 'vitest';
import latency from '../../../../../src/checks/latency/check.ts';
import type { LatencyInput } from '../../../../../src/checks/latency/facts.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import type { Evidence } from '../../../../../src/model/evidence.ts';
import { PROBE_SCRIPTS } from '../../../../../src/probes/scripts.ts';
import { named, remedyOf } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

const URL_ASKED = 'http://shop.test:8080/big';
const input: LatencyInput = {
  destinations: [destination({ label: URL_ASKED, url: URL_ASKED, host: 'shop.test', port: '8080' })],
  count: 1,
  intervalMs: 50,
  thresholds,
};
const TIMES = '\n200 0.0001 0 0.0005 10.004 192.0.2.9 \n1.1 116 0 \n';
const stalled = (received: number) => ({
  code: 28,
  stderr: `curl: (28) Operation timed out after 10004 milliseconds with ${received} out of 400000 bytes received\n`,
});

function seen(times: string, rest: object, small?: string): Evidence {
  return {
    'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n', {
      command: ['tcp-connect', '192.0.2.9', '8080', '1'],
    }),
    'to0-http': result('to0-http', times, rest),
    ...(small === undefined ? {} : { 'to0-small': result('to0-small', small) }),
  };
}
const judged = (small: string | undefined, received = 0): Judgement =>
  latency.judge(seen(TIMES, stalled(received), small), input);
const first = (judgement: Judgement, id: string) => judgement.findings.find((one) => one.id === id);

const TRIES = [
  'packet 576 whole 131072',
  'packet 0 stalled 0',
  'packet 1450 stalled 0',
  'packet 1400 whole 131072',
  'packet 1420 stalled 0',
  'packet 576 whole 131072',
  'packet 0 stalled 0',
];
const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

describe('NT-MTU-006', () => {
  it('tells between which sizes the way back ends, and that NT-HTTP-003 is not the server', () => {
    const judgement = judged(text(TRIES));
    expect(named(judgement)).toEqual(['NT-MTU-006 critical', 'NT-HTTP-003 critical']);
    expect(first(judgement, 'NT-MTU-006')?.summary).toBe(
      `Large packets from ${URL_ASKED} are lost on the way back: its answer comes whole over connections that take packets of up to 1400 bytes, and stalls over those that take packets of 1420 bytes and more.`,
    );
    expect(first(judgement, 'NT-MTU-006')?.evidence[0]?.excerpt).toBe(TRIES.join('\n'));
    expect(first(judgement, 'NT-HTTP-003')?.summary).not.toContain('the server stopped');
  });

  it('tells of packets that are larger than those of any tunnel', () => {
    const tries = [576, 0, 1450, 1492, 1500, 576, 0].map(
      (size) => `packet ${size} ${size === 0 ? 'stalled 0' : 'whole 131072'}`,
    );
    expect(first(judged(text(tries)), 'NT-MTU-006')?.summary).toMatch(
      /packets of up to 1500 bytes, and stalls over those that take packets of the target's own full size\.$/,
    );
  });

  it.each([
    ['the same comes whole as it is', text([...TRIES.slice(0, 6), 'packet 0 whole 131072'])],
    ['small packets stall the second time', text(TRIES.with(5, 'packet 576 stalled 9'))],
    ['each was tried once', text(TRIES.slice(0, 5))],
    ['it was not the first try that came whole', text(['packet 576 failed 0'])],
    ['nothing was asked', undefined],
  ])('is silent: %s', (_what, small) => {
    expect(named(judged(small))).toEqual(['NT-HTTP-003 critical']);
  });

  it('is not known without socat, and that is told', () => {
    const judgement = judged('no-tool socat\n');
    expect(named(judgement)).toEqual(['NT-HTTP-003 critical']);
    expect(judgement.findings.map(({ summary }) => summary).join('\n')).toContain(
      `whether the size of packets decides at ${URL_ASKED} (NT-MTU-006): the image has no socat.`,
    );
  });
});

describe('NT-HTTP-003 of a server that stops', () => {
  it('is told from a way that loses large packets', () => {
    const judgement = judged('packet 576 stalled 1000\n', 1000);
    expect(named(judgement)).toEqual(['NT-HTTP-003 critical']);
    expect(judgement.findings[0]?.summary).toMatch(
      /; over a connection that takes packets of 576 bytes at most it gets no further: their size is not the cause, and the server or a proxy before it stops there\.$/,
    );
    expect(remedyOf(judgement.findings[0])).not.toMatch(/MTU/);
  });

  it('is not acquitted where more came in small packets', () => {
    expect(judged('packet 576 stalled 5000\n', 1000).findings[0]?.summary).not.toContain('no further');
  });
});

describe('what is asked again', () => {
  const asked = (times: string, rest: object) =>
    latency.followUp?.(seen(times, rest), input, PROBE_SCRIPTS).map(({ id, display }) => [id, display]);

  it('is the same URL, at the address that stalled', () => {
    expect(asked(TIMES, stalled(0))).toEqual([
      ['to0-small', ['small-segments', '192.0.2.9', '8080', 'http', URL_ASKED]],
    ]);
  });

  it.each([
    ['a whole answer', TIMES, {}],
    ['one that is under way', TIMES.replace('116 0', '116 99999'), stalled(99_999)],
    ['a connection that was reset', TIMES, { code: 56, stderr: 'curl: (56) Connection reset by peer\n' }],
    ['no connection', '\n000 0 0 0 3.1  \n', { code: 28, stderr: 'curl: (28) Connection timed out\n' }],
  ])('is nothing of %s', (_what, times, rest) => {
    expect(asked(times, rest)).toEqual([]);
  });
});
