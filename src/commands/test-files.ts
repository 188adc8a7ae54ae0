/** The expectations in files, in folders and on standard input. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseHost } from '../cluster/host-destination.ts';
import { parseNetworkTests, type Words } from '../expectations/parse.ts';
import { readText as readPipeOrFile, readStandardInput } from '../kube/read-text.ts';
import { UserError } from '../model/errors.ts';
import { fileReason } from '../model/file-reason.ts';
import type { NetworkTestFile } from '../model/network-test.ts';
import { withoutFullStop } from '../model/sentence.ts';
import type { TestArgs } from '../model/test-args.ts';

/** Expectations are written by people; what is larger is something else. */
const LIMITS = { mostBytes: 4 * 2 ** 20 };

/**
 * All documents, in the order of the files; those of a folder by name.
 * @throws {UserError} exit 2: a file cannot be read, or something in it is wrong
 */
export function readNetworkTests(args: Pick<TestArgs, 'files' | 'targetOf'>): NetworkTestFile[] {
  return textsOf(args).flatMap(({ documents }) => documents);
}

/** The same file by file, with what is written in each. @throws {UserError} as {@link readNetworkTests} */
export function textsOf({ files, targetOf }: Pick<TestArgs, 'files' | 'targetOf'>): {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly NetworkTestFile[];
}[] {
  const words: Words = { targetProblem: (text) => problemOf(() => targetOf(text)), destProblem };
  return files.flatMap(filesIn).map((file) => {
    const text = readText(file);
    return { file, text, documents: parseNetworkTests(text, file, words) };
  });
}

function filesIn(file: string): string[] {
  if (file === '-' || !isFolder(file)) return [file];
  const names = readdirSync(file)
    .filter((name) => /\.ya?ml$/i.test(name))
    .sort();
  if (names.length === 0) throw new UserError(`there is no .yaml or .yml file in ${file}.`, 2);
  return names.map((name) => join(file, name));
}

function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** @param file `-` is standard input @throws {UserError} exit 2; 3: it is a pipe that nobody writes to its end */
export function readText(file: string): string {
  try {
    return file === '-' ? readStandardInput(LIMITS) : readPipeOrFile(file, LIMITS);
  } catch (error) {
    throw error instanceof UserError ? error : unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): UserError {
  return new UserError(`${nameOf(file)} cannot be read: ${fileReason(error)}.`, 2);
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** As src/cluster/destinations.ts tells them apart. */
function destProblem(text: string): string | undefined {
  const rest = text.replace(/\/udp$/i, '');
  if (/^(?:po|pods?|svc|services?)\/[^/:]+(?::.+)?$/i.test(rest)) return undefined;
  return problemOf(() => parseHost(rest));
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return withoutFullStop(error.message).replace(/^--to /, '');
    throw error;
  }
}
