import { readFileSync } from 'node:fs';
import { describe, it, type TestContext, vi } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import KEEPER from '../../../src/targets/keeper.sh';
import STOP from '../../../src/targets/stop.sh';
import { mayUnshare, runToEnd, SHELLS, Started } from '../shells.ts';

// A process namespace of its own stands for the container: nobody else is to be seen in it. That processes of another
// cgroup do not count, where a pod shares its process namespace, is for the integration tests.
vi.setConfig({ testTimeout: 60_000, maxConcurrency: 20 });

const keeper = compactScript(KEEPER);
const stop = compactScript(STOP);

/** The container's own process, started by `words`, as process 1 of a namespace. */
function container({ onTestFinished }: TestContext, words: readonly string[]): Started {
  const started = new Started(['unshare', '--pid', '--mount-proc', '--fork', '--kill-child', ...words]);
  onTestFinished(async () => {
    started.process.kill('SIGKILL');
    await started.ended;
  });
  return started;
}

/** Process 1 of the namespace, as this machine numbers it. */
function firstProcess(started: Started): number | undefined {
  const children = readFileSync(`/proc/${started.pid}/task/${started.pid}/children`, 'utf8').trim();
  return children === '' ? undefined : Number(children);
}

async function seconds(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return (performance.now() - started) / 1000;
}

describe.skipIf(!mayUnshare).concurrent.each(SHELLS.filter((s) => s.available))(
  'keeper.sh in $name',
  ({ words }) => {
    const keep = (idle: number): string[] => [...words, '-c', keeper, 'nettools-keeper', String(idle)];

    it.for([1, 2])('ends by itself after %i idle seconds', async (idle, context) => {
      const started = container(context, keep(idle));
      context.expect(await seconds(started.ended)).toBeGreaterThanOrEqual(idle - 0.05);
      context.expect((await started.ended).code).toBe(0);
    });

    it('stays as long as another process runs, and its idle seconds afterwards', async (context) => {
      // The other process is a child that the keeper knows nothing of, and ends with the test's word.
      const withGuest = 'exec 3<&0; cat <&3 >/dev/null & exec 3<&-; exec "$@"';
      const started = container(context, ['sh', '-c', withGuest, 'sh', ...keep(1)]);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      context.expect(started.process.exitCode).toBe(null);
      started.endInput();
      context.expect(await seconds(started.ended)).toBeGreaterThan(0);
      context.expect((await started.ended).code).toBe(0);
    });

    it('starts to count anew when somebody has been there', async (context) => {
      const started = container(context, keep(4));
      await context.expect.poll(() => firstProcess(started), { timeout: 30_000 }).toBeDefined();
      const visitor = new Started([
        'nsenter',
        '--pid',
        '--mount',
        '-t',
        String(firstProcess(started)),
        'cat',
      ]);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      visitor.endInput();
      await visitor.ended;
      context.expect(started.process.exitCode).toBe(null);
      // Its look a moment ago may have met the visitor, so it is 4 s less one look.
      context.expect(await seconds(started.ended)).toBeGreaterThan(0.5);
    });

    it.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends at once with %s', async (signal, context) => {
      const started = container(context, keep(600));
      await context.expect.poll(() => firstProcess(started), { timeout: 30_000 }).toBeDefined();
      // Until it has set its traps, process 1 of a namespace minds no signal.
      await context.expect
        .poll(
          () => {
            const first = started.process.exitCode === null ? firstProcess(started) : undefined;
            if (first !== undefined) process.kill(first, signal);
            return started.process.exitCode;
          },
          { timeout: 30_000 },
        )
        .toBe(0);
    });

    it('ends with its stdin where that is asked, and by idling too', async (context) => {
      const started = container(context, [...keep(600), 'stdin']);
      await context.expect.poll(() => firstProcess(started), { timeout: 30_000 }).toBeDefined();
      context.expect(started.process.exitCode).toBe(null);
      started.endInput();
      context.expect((await started.ended).code).toBe(0);
      const idle = container(context, [...keep(1), 'stdin']);
      context.expect((await idle.ended).code).toBe(0);
    });

    it('is found and ended by stop.sh', async (context) => {
      const started = container(context, keep(600));
      await context.expect.poll(() => firstProcess(started), { timeout: 30_000 }).toBeDefined();
      const first = String(firstProcess(started));
      await context.expect
        .poll(
          async () => {
            if (started.process.exitCode === null) {
              await runToEnd([
                'nsenter',
                '--pid',
                '--mount',
                '-t',
                first,
                ...words,
                '-c',
                stop,
                'nettools-stop',
              ]);
            }
            return started.process.exitCode;
          },
          { timeout: 30_000 },
        )
        .toBe(0);
    });
  },
);
