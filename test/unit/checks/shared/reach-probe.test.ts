import { describe, expect, it } from 'vitest';
import { reachOf } from '../../../../src/checks/shared/reach-probe.ts';
import { result } from '../results.ts';

describe('reachOf', () => {
  const left = (durationMs: number) =>
    reachOf({
      id: 'to0-reach',
      ...result('address 192.0.2.9\ntry 3000000\n', { status: 'timeout', durationMs }),
    });

  it('takes no silence for an answer before a lost SYN could have been sent again', () => {
    expect(left(4099).skipped?.text).toBe(
      'the probe had only 1.1 s for the connection (a slow name server, or a target without CPU): try again',
    );
    expect(left(4100).value?.tries).toEqual([{ ms: 1100, outcome: 'unanswered' }]);
  });
});
