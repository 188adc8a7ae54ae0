import { readFile } from 'node:fs/promises';
import { print } from '../console/print-report.ts';
import { framed, MOST_BYTES } from '../jobs/frames.ts';
import { UserError } from '../model/errors.ts';

/**
 * Puts a shard's evidence on stdout, as the last thing there.
 * @param file what --save wrote
 * @throws {UserError} exit 2: it is more than a log keeps
 */
export async function deliver(file: string): Promise<void> {
  const text = framed(await readFile(file));
  if (text.length > MOST_BYTES) {
    const size = Math.ceil(text.length / 2 ** 20);
    throw new UserError(
      `the evidence of this shard takes ${size} MiB, and a container's log keeps 10: give it fewer targets with a larger --shards.`,
      2,
    );
  }
  await print(`\n${text}`);
}
