/** Installs the program that kubectl asks for completions of this plugin. */
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { CompletionInstallArgs } from '../model/args.ts';
import { UserError } from '../model/errors.ts';

const isWindows = process.platform === 'win32';

/**
 * On Windows kubectl takes a plugin's file name, `.exe` included, for the word that completion is about: after
 * `kubectl nettools` it finds no plugin (plugin_completion.go, seen in 1.37). A file without the ending gives it the
 * name. kubectl never runs it; a shell that does (Git's bash, WSL) gets the plugin.
 */
const nameOnWindows = { file: 'kubectl-nettools', text: '#!/bin/sh\nexec kubectl-nettools.exe "$@"\n' };

/** Resolves to the exit code. */
export async function run({ dir, programName, program }: CompletionInstallArgs): Promise<number> {
  const folder = dir === undefined ? chooseFolder() : givenFolder(dir);
  const file = join(folder, isWindows ? `${programName}.exe` : programName);
  const there = whatIsThere(file, program);
  if (there === 'something else') {
    throw new UserError(`${file} exists and is not this plugin's; nothing was changed.`, 3, {
      hint: 'Remove it, or choose another folder with --dir.',
    });
  }
  if (there === 'the same') process.stdout.write(`${file} is already in place.\n`);
  else {
    put(file, program);
    if (isWindows) putName(join(folder, nameOnWindows.file));
    process.stdout.write(`${there === 'nothing' ? 'wrote' : 'replaced'} ${file}\n`);
  }
  if (!onPath().includes(real(folder))) {
    process.stderr.write(`${folder} is not in PATH: kubectl will not find it there.\n`);
  }
  return 0;
}

function whatIsThere(path: string, program: string): 'nothing' | 'the same' | 'ours' | 'something else' {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'nothing';
  if (isWindows) return windowsProgram(path);
  if (!stat.isFile() || stat.size > 1000) return 'something else';
  const text = readFileSync(path, 'utf8');
  if (text === program && (stat.mode & 0o111) === 0o111) return 'the same';
  return text === program ? 'ours' : 'something else';
}

/** On Windows the program is a copy of this one, which knows by its name what it is asked for. */
function windowsProgram(path: string): 'the same' | 'ours' | 'something else' {
  const bytes = readFileSync(path);
  const isWhole = existsSync(join(dirname(path), nameOnWindows.file));
  if (isWhole && bytes.equals(readFileSync(process.execPath))) return 'the same';
  return bytes.includes('kubectl-nettools') ? 'ours' : 'something else';
}

/** Whatever has the name already gives it to kubectl as well. */
function putName(path: string): void {
  if (!existsSync(path)) writeFileSync(path, nameOnWindows.text);
}

/** In one step: whoever presses the tab key meanwhile gets the old one or the new one. */
function put(file: string, program: string): void {
  const beside = `${file}.${process.pid}`;
  try {
    if (!isWindows) writeFileSync(beside, program, { mode: 0o755, flag: 'wx' });
    else linkOrCopy(process.execPath, beside);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    throw new UserError(`${file} cannot be written (${reason}).`, 3, {
      hint: 'Choose a folder that you may write to with --dir.',
    });
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another drive, or a file system without links.
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

function givenFolder(dir: string): string {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return dir;
  throw new UserError(`--dir ${dir} is not a folder.`, 2);
}

/** Beside the kubectl-nettools that the PATH finds, or beside this binary, else the first folder that takes it. */
function chooseFolder(): string {
  const folders = onPath();
  const name = isWindows ? 'kubectl-nettools.exe' : 'kubectl-nettools';
  const beside = folders.find((folder) => canRun(join(folder, name)));
  const own = real(dirname(process.execPath));
  const candidates = [
    ...(beside === undefined ? [] : [beside]),
    ...folders.filter((f) => f === own),
    ...folders,
  ];
  const folder = candidates.find(isOurs);
  if (folder !== undefined) return folder;
  throw new UserError('no folder in PATH is writable.', 3, {
    hint: 'Choose one with --dir, as a user who may write to it.',
  });
}

/** The folders of the PATH that exist, as they really are; what is relative to the working folder is none of them. */
function onPath(): string[] {
  const named = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return named.filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory()).map(real);
}

function real(folder: string): string {
  return realpathSync(folder);
}

/** We may write to it, and not everybody may: what stands there is run by its user. */
function isOurs(folder: string): boolean {
  const everybody = !isWindows && (statSync(folder).mode & 0o002) !== 0;
  return !everybody && may(folder, constants.W_OK);
}

function canRun(file: string): boolean {
  return may(file, constants.X_OK);
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
