/** A run's evidence as a file. */
import { createReadStream } from 'node:fs';
import { access, constants, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BUNDLE_FORMAT, type Bundle, type BundleList, type GatheredCheck } from '../model/bundle.ts';
import { UserError } from '../model/errors.ts';
import type { ProbeResult } from '../model/evidence.ts';
import { fileReason } from '../model/file-reason.ts';
import type { MatrixFrame, MatrixPlace } from '../model/matrix.ts';
import type { FailedTarget } from '../model/report-list.ts';
import type { Watch } from '../model/watch.ts';
import { isWatch } from './watch-shape.ts';

/** Addresses and names of a cluster's inside are in it: nobody else on this machine needs to read them. */
export const BUNDLE_MODE = 0o600;
/** The document of a watch, in its folder. */
export const WATCH_FILE = 'watch.json';
/** Far above any run's evidence, and below what fits in one string (512 MiB). */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * For before a run: a minute of measuring must not be lost to a mistyped folder. Makes nothing.
 * @throws {UserError} exit 3: the file cannot be written
 */
export async function checkWritable(file: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => undefined);
    if (there?.isDirectory() === true) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    await access(there === undefined ? path.dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** @throws {UserError} exit 3: the file cannot be written */
export async function writeBundle(file: string, bundle: Bundle): Promise<void> {
  const before = await stat(file).catch(() => undefined);
  try {
    await writeFile(file, `${JSON.stringify(bundle, null, 1)}\n`, { mode: BUNDLE_MODE });
  } catch (error) {
    // Half a file is no bundle. What was there before may be a device.
    if (before === undefined) await rm(file, { force: true }).catch(() => undefined);
    throw unwritable(file, error);
  }
}

/** The error for a file that cannot be written. */
export function unwritable(file: string, error: unknown): UserError {
  return new UserError(`--save ${file} cannot be written: ${fileReason(error)}.`, 3, { cause: error });
}

/**
 * What a run or a watch saved.
 * @param place a file, or the folder of a watch
 * @throws {UserError} exit 3: it cannot be read, is not a bundle, or one of another format
 */
export async function readSavedRun(place: string): Promise<Bundle | BundleList | Watch> {
  const there = await stat(place).catch(() => undefined);
  const file = there?.isDirectory() === true ? await watchIn(place) : place;
  return savedIn(await readSaved(file), file);
}

/** The document of the watch that a folder is of. @throws {UserError} exit 3: there is none */
async function watchIn(folder: string): Promise<string> {
  const file = path.join(folder, WATCH_FILE);
  try {
    await stat(file);
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return file;
    throw new UserError(
      `${folder} is not the folder of a watch that has ended: there is no ${WATCH_FILE} in it.`,
      3,
      { cause: error },
    );
  }
}

/** @throws {UserError} exit 3: it cannot be read, or is larger than any run */
export async function readSaved(file: string): Promise<string> {
  try {
    return await readText(file);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} cannot be read: ${fileReason(error)}.`, 3, { cause: error });
  }
}

/**
 * The evidence that a text holds.
 * @param file what it is called in messages
 * @throws {UserError} exit 3: it is of another format, or none
 */
export function bundleIn(text: string, file: string): Bundle | BundleList {
  const saved = savedIn(text, file);
  if (saved.kind === 'Watch') throw isNoBundle(file);
  return saved;
}

/** The same, or what a watch wrote. @throws {UserError} as {@link bundleIn} */
function savedIn(text: string, file: string): Bundle | BundleList | Watch {
  const saved = parsed(text);
  if (isWatch(saved)) return saved;
  if (isOfKind(saved, 'Watch'))
    throw new UserError(`${file} cannot be judged: it is damaged, or another version saved it.`, 3);
  if (isOfOtherFormat(saved)) {
    throw new UserError(
      `${file} cannot be judged: another version saved it, in a format that this one does not read; judge it with that version.`,
      3,
    );
  }
  if (!isBundle(saved) && !isBundleList(saved)) throw isNoBundle(file);
  return saved;
}

function isNoBundle(file: string): UserError {
  return new UserError(`${file} is not a bundle: write one with --save FILE.`, 3);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws {UserError} exit 3: it is too large; else what the system says */
async function readText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new UserError(`${file} is not a bundle: it is larger than 256 MiB.`, 3);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Looked at before anything else: what else is in it, only its own version knows. */
function isOfOtherFormat(value: unknown): boolean {
  const { format } = (value ?? {}) as { readonly format?: unknown };
  return (isOfKind(value, 'Bundle') || isOfKind(value, 'BundleList')) && format !== BUNDLE_FORMAT;
}

function isOfKind(value: unknown, kind: string): boolean {
  const own = (value ?? {}) as { readonly [Name in 'apiVersion' | 'kind']?: unknown };
  return own.apiVersion === 'nettools/v1' && own.kind === kind;
}

function isBundleList(value: unknown): value is BundleList {
  const { apiVersion, kind, tool, startedAt, durationMs, items, failed, matrix } = (value ??
    {}) as Partial<BundleList>;
  return (
    apiVersion === 'nettools/v1' &&
    kind === 'BundleList' &&
    typeof tool?.version === 'string' &&
    typeof startedAt === 'string' &&
    typeof durationMs === 'number' &&
    Array.isArray(items) &&
    (items as readonly (Partial<BundleList['items'][number]> | null)[]).every(
      (item) => typeof item?.place === 'number' && isBundle(item.bundle),
    ) &&
    Array.isArray(failed) &&
    (failed as readonly (Partial<FailedTarget> | null)[]).every(
      (one) => typeof one?.target === 'string' && typeof one.reason === 'string',
    ) &&
    (matrix === undefined || isFrame(matrix))
  );
}

function isFrame({ sources, destinations, pairs }: Partial<MatrixFrame>): boolean {
  return (
    [sources, destinations].every(
      (places) =>
        Array.isArray(places) &&
        (places as readonly (Partial<MatrixPlace> | null)[]).every((one) => typeof one?.target === 'string'),
    ) &&
    typeof pairs?.possible === 'number' &&
    typeof pairs.asked === 'number'
  );
}

/** Whether it has all that a report takes from it; what the checks' own parts are like, the checks find out. */
function isBundle(value: unknown): value is Bundle {
  const { apiVersion, kind, tool, target, startedAt, durationMs, checks } = (value ?? {}) as Partial<Bundle>;
  return (
    apiVersion === 'nettools/v1' &&
    kind === 'Bundle' &&
    typeof tool?.version === 'string' &&
    typeof startedAt === 'string' &&
    typeof durationMs === 'number' &&
    [target?.kind, target?.name, target?.address].every((part) => typeof part === 'string') &&
    Array.isArray(checks) &&
    (checks as readonly (Partial<GatheredCheck> | null)[]).every(isCheck)
  );
}

function isCheck(check: Partial<GatheredCheck> | null): boolean {
  return (
    typeof check?.id === 'string' &&
    typeof check.durationMs === 'number' &&
    typeof check.evidence === 'object' &&
    check.evidence !== null &&
    Object.values(check.evidence).every(isResult)
  );
}

function isResult(result: Partial<ProbeResult> | null): boolean {
  return (
    [result?.id, result?.status, result?.stdout, result?.stderr].every((part) => typeof part === 'string') &&
    [result?.code, result?.durationMs].every((part) => typeof part === 'number') &&
    typeof result?.truncated === 'boolean' &&
    Array.isArray(result.command) &&
    result.command.every((word) => typeof word === 'string')
  );
}
