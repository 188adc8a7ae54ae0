/** Progress on stderr: stdout carries the result alone. */

const started = performance.now();

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** Writes one line of progress. */
export function say(line: string): void {
  process.stderr.write(`cluster: ${line}\n`);
}

/** Writes a last line with the time since the process started. */
export function sayDone(line: string): void {
  say(`${line} (${seconds(started)})`);
}

/**
 * Runs a step and writes one line with its seconds when it ends.
 * @param announce written before the step starts, for steps that take long
 */
export async function step<T>(title: string, run: () => Promise<T>, announce?: string): Promise<T> {
  const start = performance.now();
  if (announce) say(announce);
  try {
    const result = await run();
    say(`${title}: ${seconds(start)}`);
    return result;
  } catch (error) {
    say(`${title}: failed after ${seconds(start)}`);
    throw error;
  }
}
