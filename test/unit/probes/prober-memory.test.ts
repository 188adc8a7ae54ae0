/** What the prober holds for a large plan: memory of the pod that it runs in. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { encodePlan, RunnerDecoder } from '../../../src/probes/plan.ts';
import { buildProber } from '../prober.ts';

/** As many commands as a diagnosis of a thousand destinations has, of as many words. */
const COMMANDS = 4000;
const WORDS = 9;

it('the words of a plan take no more memory than their letters need', () => {
  const wordy = { argv: ['cat', ...Array.from({ length: WORDS }, () => '/dev/null')], timeoutSeconds: 60 };
  const plan = {
    phases: [
      [
        // The prober reads this file itself, once it has read all of the phase.
        { id: 'own', argv: ['cat', '/proc/self/status'], timeoutSeconds: 60 },
        ...Array.from({ length: COMMANDS }, (_, i) => ({ ...wordy, id: `c${i}` })),
      ],
    ],
  };
  const output = execFileSync(buildProber(), { input: encodePlan(plan), maxBuffer: 64 * 1024 ** 2 });
  const [own] = new RunnerDecoder(plan).push(output);
  const status = own?.kind === 'result' ? own.result.stdout : '';
  const heldKb = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
  // 32 bytes a word, and less than 0.5 KiB for each command.
  expect(heldKb).toBeLessThan(4 * 1024);
});
