import { basename } from 'node:path';

// Under the name that kubectl looks for to complete a plugin's words (on Windows a copy of the binary), it is that.
const isForCompletion = basename(process.execPath).startsWith('kubectl_complete-');
const words = process.argv.slice(2);

// When nothing is left to be done, Node would give all memory back piece by piece, which the kernel does at once.
process.once('beforeExit', () => process.exit());

// The code is set and not passed to process.exit(), which would cut off what stdout has not taken yet.
import('./cli/run.ts')
  .then(({ runCommandLine }) => runCommandLine(isForCompletion ? ['__complete', ...words] : words))
  .then((code) => {
    process.exitCode = code;
  });
