/** All benches, each against kubectl in one run; it needs the test cluster and the built binary, and makes both. */
import { runCommand } from '../../scripts/lib/process.ts';
import { benchCost } from './cost.ts';
import { benchExec } from './exec.ts';

for (const step of [
  ['node', 'scripts/build.ts'],
  ['node', 'test/cluster/cli.ts', 'up'],
  ['node', 'test/bench/startup.ts'],
]) {
  if ((await runCommand(step)) !== 0) throw new Error(`${step.join(' ')} failed`);
}
benchExec();
await benchCost();
