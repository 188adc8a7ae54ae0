import { describe, expect, it } from 'vitest';
import { parseConnects } from '../../../src/parsers/tcp-connect.ts';
import { recording } from '../../recordings/recordings.ts';

const recorded = (name: string, limitMs = 2000) => parseConnects(recording(name).stdout, limitMs);
const outcomes = (name: string) => recorded(name).tries.map((t) => t.outcome);

describe('parseConnects', () => {
  it('reads the times of connections', () => {
    const { address, tries } = recorded('tcp-connect-ok');
    expect(address).toMatch(/^198\.19\./);
    expect(tries.map((t) => t.outcome)).toEqual(Array(10).fill('connected'));
    for (const { ms } of tries) {
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThan(1000);
    }
  });

  it('takes off the time in which the probe had no CPU, and never more than that', () => {
    const ms = (...lines: string[]) =>
      parseConnects(lines.map((line) => `try\n${line}\n`).join(''), 2000).tries.map((t) => t.ms);
    expect(ms('ok 200', 'ok 24300 4000', 'failed 300')).toEqual([0.2, 20.3, 0.3]);
    // The answer came while it waited: how long that took is not known, but not less than the fastest.
    expect(ms('ok 200', 'ok 24003 24000')).toEqual([0.2, 0.2]);
    expect(ms('ok 5000', 'ok 4100 4000')).toEqual([5, 4.1]);
    expect(ms('ok 4100 4000', 'ok 7000 2000')).toEqual([expect.closeTo(0.1), 5]);
    expect(ms('ok 4100 soon')).toEqual([4.1]);
  });

  it('takes a refusal for an answer', () => {
    expect(outcomes('tcp-connect-refused')).toEqual(Array(5).fill('refused'));
  });

  it('counts the try that was open at the end as unanswered', () => {
    expect(recorded('tcp-connect-unanswered', 2000)).toEqual({
      address: '203.0.113.2',
      tries: [{ ms: 2000, outcome: 'unanswered' }],
    });
  });

  it('takes a try that the script gave up for unanswered', () => {
    expect(outcomes('tcp-connect-given-up')).toEqual(Array(3).fill('unanswered'));
  });

  it.each([
    ['tcp-connect-unreachable', 'No route to host'],
    ['tcp-connect-no-route', 'Network is unreachable'],
  ])("keeps the system's own words of an error: %s", (name, error) => {
    const { tries } = recorded(name);
    expect(tries.map(({ outcome, error }) => [outcome, error])).toEqual(Array(3).fill(['error', error]));
  });

  it('tells a name that does not resolve from a way that does not work', () => {
    expect(recorded('tcp-connect-unresolved').tries).toEqual([
      { ms: expect.any(Number), outcome: 'unresolved', error: 'Name or service not known' },
    ]);
  });

  it('reads no try where the script could not resolve the name', () => {
    expect(parseConnects('unresolved\n', 2000)).toEqual({ address: undefined, tries: [] });
  });

  it('reads the tries that the time was enough for', () => {
    const { tries } = recorded('tcp-connect-budget');
    expect(tries.length).toBeLessThan(20);
    expect(tries.every((t) => t.outcome === 'connected')).toBe(true);
    expect(tries.filter((t) => t.ms > 900).length).toBeGreaterThan(0);
  });

  it.each(['tcp-connect-ok', 'tcp-connect-refused', 'tcp-connect-unreachable', 'tcp-connect-budget'])(
    'reads a beginning of the tries, and at most one that is open, wherever the output is cut: %s',
    (name) => {
      const { stdout } = recording(name);
      const whole = parseConnects(stdout, 2000).tries;
      for (let end = 0; end <= stdout.length; end++) {
        const { tries } = parseConnects(stdout.slice(0, end), 2000);
        const open = tries.at(-1)?.outcome === 'unanswered' ? 1 : 0;
        expect(tries.slice(0, tries.length - open)).toEqual(whole.slice(0, tries.length - open));
      }
    },
  );

  it.each(['', '\n', 'x'.repeat(100_000), '\u0000\ufffd', 'ok 5\nfailed 5\n', 'address\n'])(
    'reads no try from %j',
    (text) => {
      expect(parseConnects(text, 1000).tries).toEqual([]);
    },
  );

  it('keeps words that are no error message of bash', () => {
    const { tries } = parseConnects('address 192.0.2.1\ntry\nTerminated\nfailed 10\ntry\nfailed 20\n', 1000);
    expect(tries).toEqual([
      { ms: 0.01, outcome: 'error', error: 'Terminated' },
      { ms: 0.02, outcome: 'error', error: 'no reason given' },
    ]);
  });

  it('takes no words for a time', () => {
    expect(parseConnects('try\nok x\n', 1000).tries).toEqual([{ ms: 1000, outcome: 'unanswered' }]);
  });

  it('takes the time-out of the kernel for no answer', () => {
    // It comes after two minutes, when the script has long given the try up.
    const said =
      'tcp-connect: connect: Connection timed out\ntcp-connect: line 27: /dev/tcp/192.0.2.1/80: Connection timed out\n';
    expect(parseConnects(`address 192.0.2.1\ntry\n${said}failed 130000000\n`, 1000).tries).toMatchObject([
      { outcome: 'unanswered' },
    ]);
  });
});
