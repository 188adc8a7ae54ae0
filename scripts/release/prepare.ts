import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root, runCommand } from '../lib/process.ts';
import { cutVersion } from './changelog.ts';

// Sets the version in package.json and its lock, and dates what is unreleased in CHANGELOG.md; the commit and the tag are
// the releaser's: npm run release:prepare -- vX.Y.Z [DATE]

const [version = '', date = new Date().toISOString().slice(0, 10)] = process.argv.slice(2);
if (!/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
  throw new Error(`${version || 'nothing'} is not a version: give it as a tag has it, for example v1.2.3`);
}
const file = path.join(root, 'CHANGELOG.md');
const changelog = cutVersion(await readFile(file, 'utf8'), version, date);
const set = ['npm', 'version', '--no-git-tag-version', '--allow-same-version', version.slice(1)];
if ((await runCommand(set)) !== 0) throw new Error('npm could not set the version');
await writeFile(file, changelog);
console.log(`prepared ${version}: review, commit, tag, and push the tag`);
