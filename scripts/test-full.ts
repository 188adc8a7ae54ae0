import { runCommand } from './lib/process.ts';

// Builds, brings the cluster up and runs what `npm test` has no time for. Arguments go to vitest.
for (const step of [
  ['node', 'scripts/build.ts'],
  ['node', 'test/cluster/cli.ts', 'up'],
  ['vitest', 'run', '--config', 'vitest.full.config.ts', ...process.argv.slice(2)],
]) {
  const code = await runCommand(step);
  if (code !== 0) {
    process.exitCode = code;
    break;
  }
}
