/** `node test/cluster/cli.ts up|down|status` */
import { takeDown } from './down.ts';
import { isLocked, runLocked } from './lock.ts';
import { say, sayDone } from './log.ts';
import { requireRoot } from './packages.ts';
import { printStatus } from './status.ts';
import { bringUp } from './up.ts';

async function up(): Promise<number> {
  console.log(await bringUp());
  return 0;
}

async function down(): Promise<number> {
  const left = await takeDown();
  for (const line of left) say(`left behind: ${line}`);
  if (left.length === 0) sayDone('down, nothing left behind');
  return left.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const command = process.argv[2];
  if (command === 'status') return (await printStatus()) ? 0 : 1;
  if (command !== 'up' && command !== 'down') {
    say('usage: cli.ts up|down|status');
    return 2;
  }
  requireRoot();
  if (!isLocked()) return runLocked();
  return command === 'up' ? up() : down();
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
