import { updateLocks } from './image/lock.ts';

// Brings image/locks up to date with tools.list and Debian's mirrors. `--check` only says what would change, and
// fails when something would: also when nothing here was changed, for the mirrors go on.
const checkOnly = process.argv.includes('--check');
const differences = updateLocks(!checkOnly);
for (const one of differences) console.log(one);
console.log(differences.length === 0 ? 'the locks are up to date' : `${differences.length} differences`);
if (checkOnly && differences.length > 0) process.exitCode = 1;
