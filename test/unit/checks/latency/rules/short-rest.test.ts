/** NT-HTTP-012: who ends a connection at rest, and when. */
import { describe, expect, it } from 'vitest';
import type { LatencyInput } from '../../../../../src/checks/latency/facts.ts';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { planLatency } from '../../../../../src/checks/latency/plan.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { PROBE_SCRIPTS } from '../../../../../src/probes/scripts.ts';
import { destination, result, thresholds } from '../build.ts';

const URL_ASKED = 'http://192.0.2.9:8080/a?b=c';
const ENDED = 'address 192.0.2.9\nconnected\nstatus 1.1 200\nkeep-alive  timeout=2\nended 2003608\n';

const inputOf = (more: Partial<LatencyInput> = {}, url: string | undefined = URL_ASKED): LatencyInput => ({
  destinations: [destination({ label: url, ...(url === '' ? {} : { url }) })],
  count: 1,
  intervalMs: 50,
  thresholds,
  restMs: 5000,
  ...more,
});
const judged = (printed: string, more: Partial<LatencyInput> = {}, url?: string) =>
  judgeLatency(
    {
      'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n'),
      'to0-http': result('to0-http', '200 0.0001 0 0.0005 0.0006 192.0.2.9 \n1.1 175 3 \ntimeout=2\n'),
      'to0-rest': result('to0-rest', printed),
    },
    inputOf(more, url),
  );
/** `ID severity` of the finding. */
const said = ({ findings }: Judgement) =>
  findings.flatMap(({ id, severity }) => (id === 'NT-HTTP-012' ? [`${id} ${severity}`] : []));
const summaryOf = ({ findings }: Judgement) => findings.find(({ id }) => id === 'NT-HTTP-012')?.summary;
/** What was not measured. */
const unmeasured = ({ findings }: Judgement) =>
  findings
    .filter(({ id }) => id === 'NT-SYS-001')
    .map(({ summary }) => summary)
    .join(' ');
const FRONTS = { to0: 'Ingress shop/web' };

describe('NT-HTTP-012', () => {
  it('is an info where nobody is known to be before the server', () => {
    const judgement = judged(ENDED);
    expect(said(judgement)).toEqual(['NT-HTTP-012 info']);
    expect(summaryOf(judgement)).toBe(
      `${URL_ASKED}: the server ends a connection that rests after 2.00 s: a proxy or a client that keeps connections for longer loses a request now and then, which a gateway answers with 502.`,
    );
  });

  it('is a warning where somebody is', () => {
    const judgement = judged(ENDED, { fronts: FRONTS });
    expect(said(judgement)).toEqual(['NT-HTTP-012 warning']);
    expect(judgement.summary).toMatch(/after 2\.00 s, and Ingress shop\/web leads requests on to it: /);
  });

  it.each([
    ['it is kept', 'kept 5000012', []],
    ['it outlasts the proxies', 'ended 60000012', []],
    ['it is as long as nearly theirs', 'ended 59900000', ['NT-HTTP-012 warning']],
    ['it has not rested', 'ended 3000', []],
    ['the server says so', 'connection  close\nended 2003608', []],
  ])('where %s: %s', (_what, end, expected) => {
    const printed = `address 192.0.2.9\nconnected\nstatus 1.1 200\n${end}\n`;
    expect(said(judged(printed, { fronts: FRONTS }))).toEqual(expected);
  });

  it('says what was measured where nothing is wrong', () => {
    expect(judged(ENDED.replace('ended 2003608', 'kept 5000012')).summary).toMatch(
      / keeps a connection that rests for 5\.00 s and longer\.$/,
    );
    expect(judged(ENDED.replace('ended', 'connection  close\nended')).summary).toMatch(
      / ends a connection with its answer, as it says\.$/,
    );
  });

  it.each([
    ['the server did not answer', 'address 192.0.2.9\nconnected\n', URL_ASKED],
    ['it is no URL', '', ''],
  ])('is not passed over where it was not measured: %s', (_what, printed, url) => {
    expect(unmeasured(judged(printed, {}, url))).toMatch(
      /how long \S* ?keeps a connection at rest \(NT-HTTP-012\): /,
    );
  });

  it("is nobody's business where it was not asked for, whatever the header says", () => {
    const { restMs: _, ...without } = inputOf({ fronts: FRONTS });
    const judgement = judgeLatency(
      {
        'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n'),
        'to0-http': result('to0-http', '200 0.0001 0 0.0005 0.0006 192.0.2.9 \n1.1 175 3 \ntimeout=2\n'),
      },
      without,
    );
    expect(said(judgement)).toEqual([]);
    expect(judgement.measurements).toMatchObject({ destinations: [{ http: { keepAliveSeconds: 2 } }] });
    expect(planLatency(without, PROBE_SCRIPTS).probe.map(({ id }) => id)).not.toContain('to0-rest');
  });
});

describe('the request before the rest', () => {
  it.each([
    ['http://192.0.2.9:8080/a?b=c', ['', '5', '192.0.2.9:8080', '/a?b=c']],
    ['https://192.0.2.9/', ['-', '5', '192.0.2.9', '/']],
  ])('is that of %s', (url, words) => {
    const probe = planLatency(inputOf({}, url), PROBE_SCRIPTS).probe.find(({ id }) => id === 'to0-rest');
    expect(probe?.argv.slice(6)).toEqual(words);
    expect(probe?.timeoutSeconds).toBeGreaterThan(15);
  });
});
