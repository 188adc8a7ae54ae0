import { pathToFileURL } from 'node:url';
import { runCommand } from './lib/process.ts';

/** The gate's parts that need no cluster: each is one command that fails when something is wrong. */
const checks: ReadonlyArray<{ name: string; command: readonly string[] }> = [
  { name: 'types', command: ['tsc'] },
  { name: 'lint and format', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'import rules', command: ['node', 'scripts/check-imports.ts'] },
  { name: 'unused exports, files and packages', command: ['knip', '--no-progress'] },
  { name: 'generated files', command: ['node', 'scripts/generate.ts', '--check'] },
  { name: 'links between pages', command: ['node', 'scripts/check-links.ts'] },
];

/** Runs every check, also after one has failed, and returns how many passed and which failed. */
export async function runChecks(): Promise<{ passed: number; failed: readonly string[] }> {
  const failed: string[] = [];
  for (const { name, command } of checks) {
    console.log(`check: ${name}`);
    if ((await runCommand(command)) !== 0) failed.push(name);
  }
  console.log(failed.length === 0 ? 'check: all passed' : `check: failed: ${failed.join('; ')}`);
  return { passed: checks.length - failed.length, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = (await runChecks()).failed.length === 0 ? 0 : 1;
}
