import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { otherHoldersCommand } from '../../../src/targets/hold.ts';
import { mayUnshare, runToEnd, SHELLS, Started } from '../shells.ts';

// A process namespace of its own stands for the container, as for the keeper.
const HOLD = 'echo held; cat >/dev/null; :';

function start(argv: readonly string[]): Started {
  const started = new Started(argv);
  onTestFinished(async () => {
    started.endInput();
    await started.ended;
  });
  return started;
}

describe.skipIf(!mayUnshare).each(SHELLS.filter((s) => s.available))('holders.sh in $name', ({ words }) => {
  it('counts the holds of others, and not its own', async () => {
    const container = start(['unshare', '--pid', '--mount-proc', '--fork', '--kill-child', 'cat']);
    const first = () => readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').trim();
    await expect.poll(first, { timeout: 30_000 }).not.toBe('');
    const within = ['nsenter', '--pid', '--mount', '-t', first(), ...words, '-c'];
    const count = async (): Promise<string> => {
      const [, , script = '', name = '', own = ''] = otherHoldersCommand('mine');
      return (await runToEnd([...within, script, name, own])).stdout.toString();
    };
    const hold = async (id: string): Promise<Started> => {
      const started = start([...within, HOLD, `nettools-hold-${id}`]);
      await expect.poll(() => started.stdout.toString(), { timeout: 30_000 }).toBe('held\n');
      return started;
    };

    expect(await count()).toBe('0\n');
    await hold('mine');
    expect(await count()).toBe('0\n');
    const other = await hold('other');
    await hold('third');
    expect(await count()).toBe('2\n');
    other.endInput();
    await other.ended;
    expect(await count()).toBe('1\n');
  });
});
