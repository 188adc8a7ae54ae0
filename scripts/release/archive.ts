import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { completionProgram, completionProgramName } from '../../src/cli/completion-program.ts';
import { nodeFiles } from '../build/node-packages.ts';
import { binaryName, platformName, releasePlatforms } from '../build/platform.ts';
import { makeProgram } from '../build/program.ts';
import { root } from '../lib/process.ts';
import { archiveName } from './project.ts';
import { type ArchiveFile, tarGz } from './tar.ts';
import { zip } from './zip.ts';

// Makes one platform's archive, in a process of its own: pkg works in the process's working directory and home.
// usage: node archive.ts PLATFORM VERSION WORK OUTPUT   WORK holds the bundles and THIRD-PARTY-NOTICES

const [name, version = '', work = '', output = ''] = process.argv.slice(2);
const platform = releasePlatforms.find((one) => platformName(one) === name);
if (platform === undefined) throw new Error(`no such platform: ${name}`);

const program = path.join(work, platformName(platform));
await makeProgram(platform, work, (await nodeFiles(platform)).binary, program);

async function file(name: string, source: string, executable = false): Promise<ArchiveFile> {
  return { name, data: await readFile(source), executable };
}

const files = [
  await file(binaryName(platform), program, true),
  await file('LICENSE', path.join(root, 'LICENSE')),
  await file('THIRD-PARTY-NOTICES', path.join(work, 'THIRD-PARTY-NOTICES')),
];
// A shell script, which Windows does not run.
if (platform.os !== 'windows') {
  files.push({ name: completionProgramName, data: Buffer.from(completionProgram), executable: true });
}
const archive = archiveName(version, platform);
await writeFile(path.join(work, archive), await (platform.os === 'windows' ? zip : tarGz)(files));
await copyFile(path.join(work, archive), path.join(output, archive));
