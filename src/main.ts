import { basename } from 'node:path';
import { runCommandLine } from './cli/run.ts';

// Under the name that kubectl looks for to complete a plugin's words (on Windows a copy of the binary), it is that.
const isForCompletion = basename(process.execPath).startsWith('kubectl_complete-');
const words = process.argv.slice(2);

// The code is set and not passed to process.exit(), which would cut off what stdout has not taken yet.
runCommandLine(isForCompletion ? ['__complete', ...words] : words).then((code) => {
  process.exitCode = code;
});
