/** Runs a plan on a target in one exec and returns its evidence. */
import { Writable } from 'node:stream';
import type { Channel } from '../channels/channel.ts';
import { TextOutput } from '../channels/output.ts';
import { compactScript } from '../channels/script.ts';
import type { Budget } from '../model/budget.ts';
import type { Cost } from '../model/cost.ts';
import type { Evidence, ProbePlan, ProbeResult } from '../model/evidence.ts';
import { saysNoFork } from '../model/no-fork.ts';
import { GatherError } from './gather-error.ts';
import { encodePlan, RunnerDecoder } from './plan.ts';
import { redact } from './redact.ts';
import RUNNER from './runner.sh';
import { SCRIPT_TEXTS } from './scripts.ts';
import START from './start.sh';

/** Over stdin: a request line has no room for it. */
const RUNNER_LINES = asLines(compactScript(RUNNER));

/** 128 + SIGKILL, of which a runner says nothing itself. */
const KILLED = 137;

/** Why there is no end of the plan, where the runner itself has not said it. */
function endText(code: number, stderr: string): string {
  if (saysNoFork(stderr))
    return 'no more processes can be started there: its process limit (pids) is reached';
  const last = stderr.trim().split('\n').at(-1);
  if (last) return last;
  return code === KILLED
    ? 'their process was killed (exit code 137), by the kernel because memory ran out, or by hand'
    : `exit code ${code}, and nothing was said; usual causes are the limits of processes (pids) and memory`;
}

/** What the far side reads: the runner for images that have none, and the plan. */
export function runnerInput(plan: ProbePlan, budget?: Budget): string {
  return `${RUNNER_LINES}${encodePlan(plan, SCRIPT_TEXTS, budget)}`;
}

function asLines(script: string): string {
  return `runner ${script.split('\n').length}\n${script}\n`;
}

/** Here and nowhere later, so that what is judged, shown and saved is the same. */
function redacted(result: ProbeResult): ProbeResult {
  return {
    ...result,
    command: result.command.map(redact),
    stdout: redact(result.stdout),
    stderr: redact(result.stderr),
  };
}

/**
 * Gathers the evidence of a plan. Every command of the plan has a result in it.
 * @param onProgress told the number of phases that are done
 * @throws {GatherError} the runner did not come to its end
 * @throws {import('../channels/channel.ts').ChannelError} the exec failed
 */
export async function gather(
  channel: Channel,
  plan: ProbePlan,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (phasesDone: number) => void;
    /** What the run may take there; default: the most that any may. */
    readonly budget?: Budget | undefined;
    /** Told what it took. */
    readonly onCost?: (cost: Cost) => void;
  } = {},
): Promise<Evidence> {
  const decoder = new RunnerDecoder(plan);
  const results: Record<string, ProbeResult> = {};
  let done = false;
  let phases = 0;
  let complaint: string | undefined;
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      try {
        for (const event of decoder.push(chunk)) {
          if (event.kind === 'result') results[event.result.id] = redacted(event.result);
          else if (event.kind === 'phase') options.onProgress?.(++phases);
          else if (event.kind === 'cost') options.onCost?.(event.cost);
          else if (event.kind === 'done') done = true;
          else if (event.kind === 'error') complaint = event.message;
        }
        next();
      } catch (error) {
        next(error as Error);
      }
    },
  });
  const stderr = new TextOutput(4096);
  const code = await channel.runWithInput(
    ['sh', '-c', compactScript(START), 'nettools-runner'],
    runnerInput(plan, options.budget),
    {
      stdout,
      stderr,
      signal: options.signal,
    },
  );
  if (!done) {
    const detail = complaint ?? endText(code, stderr.text);
    throw new GatherError(`the checks did not finish on the target: ${detail}.`);
  }
  return results;
}
