import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/process.ts';
import { releaseNotes } from './changelog.ts';
import { project } from './project.ts';

// Prints the text of a release's page: npm run --silent release:notes -- vX.Y.Z

const [version = ''] = process.argv.slice(2);
const changelog = await readFile(path.join(root, 'CHANGELOG.md'), 'utf8');
process.stdout.write(`${releaseNotes(changelog, version)}
The binaries are built and verified as ${project.repository}/blob/${version}/docs/install.md says.
`);
