// Lets go of a stdin that stays silent, and says a word, while what was written to stderr waits for its reader.
import { rawOutputs } from '../../../src/console/raw-output.ts';
import { PipeInput } from '../../../src/shell/pipe-input.ts';

const { stderr } = rawOutputs();
const stdin = new PipeInput(0);
stdin.resume();
stderr.write('.'.repeat(200_000));
setTimeout(() => {
  stdin.destroy();
  process.stderr.write('note\n');
}, 100);
