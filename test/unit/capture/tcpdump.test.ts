import { describe, expect, it } from 'vitest';
import { TargetCapture } from '../../../src/capture/tcpdump.ts';
import type { Channel } from '../../../src/channels/channel.ts';

/** A target on which the capture's command ends at once. */
const ending = (code: number, stderr: string): Channel => ({
  run: async (_argv, options) => {
    options.stderr?.write(stderr);
    return code;
  },
  runWithInput: async () => 0,
});

const capturing = (channel: Channel): TargetCapture =>
  new TargetCapture(
    'pod/web',
    channel,
    { interface: 'any', filter: [] },
    { onPackets: async () => undefined, onProgress: () => undefined, liveCounts: false },
    new AbortController().signal,
  );

describe('a capture that does not start', () => {
  it.each([
    'nettools: 77: Cannot fork\n',
    "nettools-capture: can't fork: Resource temporarily unavailable\n",
    'nettools-capture: fork: retry: Resource temporarily unavailable\n',
  ])('says that no process can be made: %j', async (stderr) => {
    await expect(capturing(ending(2, stderr)).started).rejects.toMatchObject({
      message: 'pod/web cannot start any more processes: its process limit (pids) is reached.',
      exitCode: 3,
    });
  });
});
