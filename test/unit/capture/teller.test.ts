import { afterEach, expect, it, vi } from 'vitest';
import { stderrTeller } from '../../../src/capture/teller.ts';
import type { CaptureOptions } from '../../../src/model/args.ts';

afterEach(() => vi.restoreAllMocks());

it('says at the end which clocks differ', () => {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  const options = { destination: { kind: 'stdout' } } as Pick<CaptureOptions, 'destination' | 'capture'>;
  const nothing = () => undefined;
  const line = { show: nothing, note: nothing, line: nothing, clear: nothing };
  const targets = ['node/a', 'node/b'].map((name) => ({ name, packets: 15, counts: undefined }));
  const progress = { packets: 30, bytes: 4_000, dropped: 0, milliseconds: 12_340 };
  const { ended } = stderrTeller(options, line, []);
  ended(progress, targets, 'x.pcapng', { ahead: 1, behind: 0, ms: 3_210 });
  expect(said).toContain('\nwarning: the clock at node/b is about 3.2 s ahead of that at node/a: ');
});
