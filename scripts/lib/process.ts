import { spawn } from 'node:child_process';
import path from 'node:path';

/** The root of the work tree. */
export const root = path.resolve(import.meta.dirname, '../..');

/**
 * Runs a command in the work tree's root with its output on ours and resolves to its exit code (128 + n for signal n
 * is not told apart: a command that a signal ended counts as 1). `node_modules/.bin` comes first on its PATH.
 */
export function runCommand(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const [file, ...args] = command;
  if (file === undefined) throw new Error('empty command');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
        ...env,
      },
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
