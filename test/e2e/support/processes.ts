/** Processes on the nodes: containers run on this machine, so their processes are in its /proc. */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../../cluster/proc.ts';

/** A duration for `sleep` that nobody else uses, so that the process can be told from all others: about a day. */
export function uniqueSleep(): string {
  return String(90_000 + randomInt(1_000_000) / 1000);
}

/** The ids of the processes whose words are exactly these. */
export function pidsOf(...words: readonly string[]): number[] {
  const wanted = `${words.join('\0')}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === wanted;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}

/** Waits until a process with these words runs. */
export async function appears(...words: readonly string[]): Promise<void> {
  await until(
    `start of ${words.join(' ')}`,
    60,
    async () => pidsOf(...words).length > 0 || 'it does not run',
  );
}

/** Waits until no process with these words runs. @param limit seconds */
export async function disappears(limit: number, ...words: readonly string[]): Promise<void> {
  await until(
    `end of ${words.join(' ')}`,
    limit,
    async () => pidsOf(...words).length === 0 || 'it still runs',
  );
}
