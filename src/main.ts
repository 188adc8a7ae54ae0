import { basename } from 'node:path';
import { textAtOnce } from './cli/at-once.ts';
import { printNow } from './cli/output.ts';

// Under the name that kubectl looks for to complete a plugin's words (on Windows a copy of the binary), it is that.
const isForCompletion = basename(process.execPath).startsWith('kubectl_complete-');
const words = process.argv.slice(2);

// When nothing is left to be done, Node would give all memory back piece by piece, which the kernel does at once.
process.once('beforeExit', () => process.exit());

// The code is set and not passed to process.exit(), which would cut off what stdout has not taken yet.
const code = isForCompletion ? undefined : printAtOnce();
if (code !== undefined) process.exitCode = code;
else
  runWords().then((exitCode) => {
    process.exitCode = exitCode;
  });

async function runWords(): Promise<number> {
  if (!isForCompletion && (words[0] === 'run' || words[0] === 'shell')) {
    const { runQuickly } = await import('./cli/quick.ts');
    const exitCode = await runQuickly(words);
    if (exitCode !== undefined) return exitCode;
  }
  const { runCommandLine } = await import('./cli/run.ts');
  return runCommandLine(isForCompletion ? ['__complete', ...words] : words);
}

/** Version and help load nothing else. @returns the exit code; undefined: it takes more than that */
function printAtOnce(): number | undefined {
  const text = textAtOnce(words);
  try {
    return text === undefined ? undefined : printNow(text);
  } catch {
    // Who tries once more says what is wrong with stdout.
    return undefined;
  }
}
