import { runCommandLine } from './cli/run.ts';

// The code is set and not passed to process.exit(), which would cut off what stdout has not taken yet.
runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
