import { describe, expect, it } from 'vitest';
import type { Channel, RunOptions } from '../../../src/channels/channel.ts';
import type { ProbePlan } from '../../../src/model/evidence.ts';
import { gather } from '../../../src/probes/gather.ts';
import { GatherError } from '../../../src/probes/gather-error.ts';
import { runToEnd } from '../shells.ts';

const plan: ProbePlan = {
  phases: [
    [
      { id: 'a', argv: ['echo', 'a'], timeoutSeconds: 5 },
      { id: 'b', argv: ['sh', '-c', 'exit 3'], timeoutSeconds: 5 },
    ],
    [{ id: 'c', argv: ['nettools-no-such-tool'], timeoutSeconds: 5 }],
  ],
};

/** A channel into this machine: what it is told to run runs here, or says these words in its place. */
function channel(instead?: {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}): Channel {
  return {
    run: () => Promise.reject(new Error('gather uses one exec with input')),
    async runWithInput(argv, input, options: Pick<RunOptions, 'stdout' | 'stderr'>) {
      const { code, stdout, stderr } = instead ?? (await runToEnd(argv, input));
      for (const byte of Buffer.from(stdout ?? '')) options.stdout.write(Uint8Array.of(byte));
      options.stderr?.write(stderr ?? '');
      return code ?? 0;
    },
  };
}

describe('gather', () => {
  it('has a result of every command of the plan, from one exec', async () => {
    const phases: number[] = [];
    const evidence = await gather(channel(), plan, { onProgress: (done) => phases.push(done) });
    expect(Object.keys(evidence).sort()).toEqual(['a', 'b', 'c']);
    expect(evidence).toMatchObject({
      a: { status: 'exited', code: 0, stdout: 'a\n', command: ['echo', 'a'] },
      b: { status: 'exited', code: 3 },
      c: { status: 'missing' },
    });
    expect(phases).toEqual([1, 2]);
  });

  it.each([
    ['the runner says why', { stdout: 'nettools-error no writable folder\n' }, 'no writable folder'],
    [
      'it says something on stderr',
      { stderr: 'sh: 3: Syntax error\nsh: giving up\n', code: 2 },
      'sh: giving up',
    ],
    [
      'it says nothing',
      { code: 3 },
      'exit code 3, and nothing was said; usual causes are the limits of processes (pids) and memory',
    ],
    [
      'it cannot start a process',
      { stderr: 'sh: 1: Cannot fork\n', code: 2 },
      'no more processes can be started there: its process limit (pids) is reached',
    ],
    [
      'it was killed',
      { code: 137 },
      'their process was killed (exit code 137), by the kernel because memory ran out, or by hand',
    ],
  ])('fails when the plan does not come to its end: %s', async (_title, instead, words) => {
    const failure = gather(channel(instead), plan);
    await expect(failure).rejects.toThrow(GatherError);
    await expect(failure).rejects.toThrow(`the checks did not finish on the target: ${words}.`);
  });
});
