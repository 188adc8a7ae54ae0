// Writes to both of its outputs in turn, more than a pipe holds.
import { rawOutputs } from '../../../src/console/raw-output.ts';

const { stdout, stderr } = rawOutputs();
for (let i = 0; i < 6; i++) {
  stdout.write(`${String(i).repeat(40_000)}\n`);
  stderr.write(`error ${i}\n`);
}
